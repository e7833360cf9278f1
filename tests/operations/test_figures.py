"""The figures tell what is in the database, and nobody's name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prometheus_client.metrics_core import Metric

from portal import config
from portal.agent import lease
from portal.operations import tallies
from portal.operations.figures import Figures
from portal.store import EVERYONE, Store
from portal.store.tables import ClusterView
from tests.town import Town

NOW = 1_800_000_000.0
LABELS = {"state", "outcome", "answer"}


def told(store: Store, now: float = NOW) -> Mapping[str, float]:
    """Every sample as `name` or `name:label value`."""
    families: list[Metric] = list(Figures(store, lambda: now).collect())
    return {
        ":".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_waits_is_told_by_its_state(town: Town) -> None:
    town.launch()
    found = told(town.portal.store)
    assert found["kesuan_database_up"] == 1
    assert found["kesuan_runs:waiting"] == 4
    assert found["kesuan_runs:running"] == 0
    assert found["kesuan_batches:forming"] == 0
    assert "kesuan_runs:succeeded" not in found


def test_the_oldest_that_waits_has_an_age(town: Town) -> None:
    assert told(town.portal.store)["kesuan_oldest_waiting_seconds"] == 0
    (first, *_) = (town.start(town.here.teacher), town.start(town.here.teacher))
    found = told(town.portal.store, first.created_at + 30)
    assert found["kesuan_oldest_waiting_seconds"] == 30


def test_a_portal_that_never_had_an_agent_tells_no_age(store: Store) -> None:
    found = told(store)
    assert found["kesuan_agent_leads"] == 0
    assert "kesuan_agent_lease_age_seconds" not in found
    assert "kesuan_slurm_answer_age_seconds" not in found


def test_signs_of_life_have_ages(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        lease.hold(session, "one", NOW - 2, 15)
        lease.note_answer(session, NOW - 40, None)
        session.add(ClusterView(name="nodes", seen_at=NOW - 7, view={}))
    found = told(store)
    assert found["kesuan_agent_leads"] == 1
    assert found["kesuan_agent_lease_age_seconds"] == 2
    # An agent with nothing to follow asks about nodes only.
    assert found["kesuan_slurm_answer_age_seconds"] == 7
    assert found["kesuan_slurm_silent"] == 0
    with store.begin(EVERYONE) as session:
        lease.note_answer(session, NOW, "Unable to contact slurm controller")
    assert told(store)["kesuan_slurm_silent"] == 1


def test_what_the_agent_counted_is_told(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        tallies.add(session, {tallies.submission("accepted"): 3, tallies.reconciled("lost"): 1})
    found = told(store)
    assert found["kesuan_submissions_total:accepted"] == 3
    assert found["kesuan_submissions_total:refused"] == 0
    assert found["kesuan_reconciled_total:lost"] == 1


def test_labels_name_nobody(town: Town) -> None:
    town.launch()
    for family in Figures(town.portal.store).collect():
        for sample in family.samples:
            assert set(sample.labels) <= LABELS, sample
            for secret in ("hua", "nan", "teacher", "7-2"):
                assert secret not in " ".join(sample.labels.values()), sample


def test_a_database_that_is_away_is_a_figure_too(tmp_path: Path) -> None:
    store = Store(config.Database(url=f"sqlite:///{tmp_path}/nowhere/new.db"))
    assert told(store) == {"kesuan_database_up": 0}
    store.close()
