"""`scripts/bench burst` with three small classes: it works, and what it prints was counted."""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Iterator

import pytest
from stage import services
from stage import site as stage_site
from stage.bench import burst, crowd, queue
from stage.bench.crowd import Pupil
from stage.site import Site, free_port

from tests.conftest import Cluster

SCHOOLS, SEATS = 3, 4
SUBMIT = "REQUEST_SUBMIT_BATCH_JOB"


@pytest.fixture
def site(cluster: Cluster) -> Iterator[Site]:
    made = Site(f"{cluster.plan.name}b"[:16], cluster.plan.name, free_port(None))
    stage_site.write(made)
    assert services.command(made, ["kesuan", "migrate"]) == 0
    try:
        services.start(made)
        yield made
    finally:
        services.stop(made)
        shutil.rmtree(made.folder)


@pytest.mark.cluster
def test_every_way_brings_every_run_into_slurm_once(
    cluster: Cluster, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(
        schools=SCHOOLS, seats=SEATS, seconds=1.0, database="sqlite", seed=1, name=site.name
    )
    assert burst.compete(options, cluster.plan, site) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    runs = SCHOOLS * SEATS
    assert (figures["runs"], figures["errors"]) == (runs, 0)
    assert (figures["lost"], figures["doubled"]) == (0, 0)
    assert figures["rpcs"]["portal"][SUBMIT] == figures["arrays"] <= runs
    assert figures["rpcs"]["raw_sbatch"][SUBMIT] == runs
    for way in ("raw_arrays", "raw_arrays_unpaced", "submitit"):
        assert figures["rpcs"][way][SUBMIT] == SCHOOLS
    assert 0 < figures["accept_p50_s"] <= figures["accept_p99_s"] <= figures["accept_max_s"]
    # The cluster is left as it was found.
    assert queue.tasks(cluster.plan) == []


def test_the_same_seed_presses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = ["a", "b"]
    pupils = [
        Pupil(name, f"token-{name}-{n}", "image-classifier") for name in accounts for n in "12"
    ]
    once, again = (crowd.presses(pupils, 10.0, 7) for _ in range(2))
    assert once == again != crowd.presses(pupils, 10.0, 8)
    assert [press.at_s for press in once] == sorted(press.at_s for press in once)
    assert all(0 <= press.at_s <= 10 for press in once)
    whole = crowd.whole_at_s(once, accounts)
    assert max(whole) == once[-1].at_s
    assert random.Random(7).uniform(0, 10) in [press.at_s for press in once]
