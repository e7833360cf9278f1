"""A school's last share, asked for by many at once, and the judge of that race."""

from __future__ import annotations

import pytest
from stage.security import quota
from stage.security.quota import Hold, most_at_once

from tests.conftest import Cluster


@pytest.mark.parametrize(
    ("holds", "most"),
    [
        ([], 0),
        ([Hold(10, 20, 4), Hold(20, 30, 4)], 4),
        ([Hold(10, 20, 4), Hold(19, 30, 4)], 8),
        ([Hold(10, 40, 2), Hold(15, 25, 3), Hold(20, 22, 1), Hold(30, 35, 3)], 6),
    ],
)
def test_what_was_held_at_once(holds: list[Hold], most: int) -> None:
    assert most_at_once(reversed(holds)) == most


@pytest.mark.cluster
@pytest.mark.parametrize(("told", "failures"), [(quota.LIMIT, 0), (quota.LIMIT + 1, 1)])
def test_the_last_share_goes_to_one(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, told: int, failures: int
) -> None:
    """With a limit that Slurm was told too high, the race must be seen to be lost."""
    monkeypatch.setattr(quota, "SUBMISSIONS", 40)
    outcome = quota.race(cluster.plan, 1, limit=told)
    assert (outcome.tries, outcome.failures) == (1, failures), outcome
