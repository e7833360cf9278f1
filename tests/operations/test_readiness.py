"""Ready is: a database of this release, and an agent that holds its lease."""

from __future__ import annotations

from pathlib import Path

from portal import config
from portal.agent import lease
from portal.operations.readiness import missing
from portal.store import EVERYONE, Store

NOW = 1_800_000_000.0


def lacking(store: Store, now: float = NOW) -> list[tuple[str, str]]:
    return [(each.what, str(each.message)) for each in missing(store, now)]


def test_ready_is_an_agent_that_holds_its_lease(store: Store) -> None:
    assert lacking(store) == [("agent", "No agent has worked here yet.")]
    with store.begin(EVERYONE) as session:
        lease.hold(session, "one", NOW, 15)
    assert lacking(store) == []
    assert lacking(store, NOW + 60) == [
        ("agent", "No agent works; the last one was there 60 s ago.")
    ]


def test_an_agent_that_stopped_politely_is_missing_at_once(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        lease.hold(session, "one", NOW - 3, 15)
        lease.release(session, "one")
    assert lacking(store) == [("agent", "No agent works; the last one was there 3 s ago.")]


def test_a_database_of_another_release_is_missing(tmp_path: Path) -> None:
    store = Store(config.Database(url=f"sqlite:///{tmp_path}/new.db"))
    assert lacking(store) == [
        ("database", "The database is not of this release: run kesuan migrate.")
    ]
    store.close()


def test_a_database_that_cannot_be_opened_is_missing(tmp_path: Path) -> None:
    store = Store(config.Database(url=f"sqlite:///{tmp_path}/nowhere/new.db"))
    ((what, said),) = lacking(store)
    assert what == "database"
    assert said == "The database does not answer: unable to open database file"
    store.close()
