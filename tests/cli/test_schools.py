"""kesuan schools: switched off and on, and the templates that each uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from portal.config import Settings
from portal.store import EVERYONE, Store
from portal.store.tables import AuditEntry, Content, DataSet, Lesson, School, SchoolClass
from tests.cli.conftest import Kesuan


@pytest.fixture
def store(settings: Settings, run: Kesuan) -> Iterator[Store]:
    """The database, with a school in it."""
    assert run("schools", "add", "hua", "华小", "--account", "hua").code == 0
    with closing(Store(settings.database)) as opened:
        yield opened


def open_lesson(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        school_class = session.query(SchoolClass).one()
        data = DataSet(slug="d", name_zh="d", name_en="d", kind="table", sha256="ab" * 32)
        session.add(Content(sha256="ab" * 32, kind="table", size=1, manifest={}))
        session.flush()
        session.add(data)
        session.flush()
        session.add(
            Lesson(
                school_id=school_class.school_id,
                class_id=school_class.id,
                owner_id=school_class.seats[0].user_id,
                template="tabular-classifier",
                data_set_id=data.id,
                eighths=1,
                parameters={},
                state="open",
                starts_at=time.time(),
                ends_at=time.time() + 2400,
            )
        )


def state_of(store: Store) -> tuple[bool, str]:
    with store.reading(EVERYONE) as session:
        return session.query(School).one().active, session.query(Lesson).one().state


def noted(store: Store) -> list[str]:
    with store.reading(EVERYONE) as session:
        return [entry.what for entry in session.query(AuditEntry).order_by(AuditEntry.at)]


def test_a_school_is_switched_off_and_on(run: Kesuan, store: Store) -> None:
    run("classes", "add", "hua", "7-2", "7 (2)", "--seats", "1")
    open_lesson(store)
    asked = run("schools", "off", "hua")
    assert asked.code != 0
    assert "Lessons that end: 1." in asked.out + asked.err
    assert state_of(store) == (True, "open")
    switched = run("schools", "off", "hua", "--yes")
    assert switched.code == 0
    assert "Lessons that ended: 1." in switched.out
    assert state_of(store) == (False, "ended")
    assert run("schools", "on", "hua").code == 0
    assert state_of(store) == (True, "ended")
    assert noted(store)[-2:] == ["command.schools.off", "command.schools.on"]
    assert run("schools", "off", "none", "--yes").code == 2


def test_templates_are_switched_off_and_on_for_a_school(run: Kesuan, store: Store) -> None:
    def shown(*options: str) -> dict[str, str]:
        lines = run("schools", "templates", "hua", *options).out.splitlines()[1:]
        return {line.split()[0]: line.split()[1] for line in lines}

    assert set(shown().values()) == {"on"}
    assert noted(store) == ["command.schools.add"]
    off = shown("--off", "image-classifier")
    assert (off["image-classifier"], off["tabular-classifier"]) == ("off", "on")
    assert set(shown("--on", "image-classifier").values()) == {"on"}
    assert noted(store)[1:] == ["command.schools.templates"] * 2
    assert run("schools", "templates", "hua", "--off", "moon").code == 2
