"""Whatever service is asked for another school's id, there is no such thing.

The list is held against the rooms: a service with an id that is not listed fails the test.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from portal.datasets import shelf
from portal.errors import Invalid, NotFound
from portal.lessons import control, draft, fit, launch
from portal.lessons import queries as lesson_queries
from portal.lessons.draft import LessonRequest
from portal.people import classes, deeds, tokens
from portal.people.viewer import Viewer
from portal.runs import changes
from portal.runs import launch as run_launch
from portal.runs import queries as run_queries
from portal.runs import usage as run_usage
from portal.store import EVERYONE
from portal.store.tables import Lesson, Run, Usage
from tests.town import Portal, Town


@dataclass(frozen=True)
class Asked:
    """Somebody here, and what a school over there has."""

    town: Town
    session: Session
    viewer: Viewer
    lesson: Lesson
    run: Run

    @property
    def here(self) -> tuple[Session, Viewer]:
        return self.session, self.viewer

    @property
    def housed(self) -> tuple[Session, Portal, Viewer]:
        return self.session, self.town.portal, self.viewer

    @property
    def token_id(self) -> str:
        teacher = self.town.there.teacher
        with self.town.portal.store.reading(teacher.tenant) as session:
            return tokens.tokens_of(session, teacher)[0].id

    def lesson_request(self, **changes: Any) -> LessonRequest:
        return self.town.lesson_request(**changes)


Ask = Callable[[Asked], object]

ASKS: dict[str, Ask] = {
    "classes.get_class": lambda a: classes.get_class(*a.here, a.lesson.class_id),
    "shelf.get": lambda a: shelf.get(*a.here, a.town.there.data_set_id),
    "run_queries.get_run": lambda a: run_queries.get_run(*a.here, a.run.id),
    "run_queries.history": lambda a: run_queries.history(*a.here, before=a.run.id),
    "lesson_queries.get_lesson": lambda a: lesson_queries.get_lesson(*a.here, a.lesson.id),
    "lesson_queries.lessons": lambda a: lesson_queries.lessons(*a.here, before=a.lesson.id),
    "run_launch.start_run": lambda a: run_launch.start_run(
        *a.housed, a.town.run_request(lesson_id=a.lesson.id), key=None
    ),
    "tokens.revoke": lambda a: tokens.revoke(*a.here, a.token_id),
}
# These say which field held the id that is none.
BY_FIELD: dict[str, tuple[str, Ask]] = {
    "launch.launch": (
        "class",
        lambda a: launch.launch(
            *a.housed, a.lesson_request(school_class=a.lesson.class_id), key=None
        ),
    ),
    "fit.fit": (
        "class",
        lambda a: fit.fit(*a.housed, a.lesson_request(school_class=a.lesson.class_id)),
    ),
    "draft.make_draft": (
        "data",
        lambda a: draft.make_draft(*a.housed, a.lesson_request(data=a.town.there.data_set_id)),
    ),
    "run_launch.check_runs": (
        "runs.0.lesson",
        lambda a: run_launch.check_runs(*a.housed, [a.town.run_request(lesson_id=a.lesson.id)]),
    ),
}
# These take rows, which a caller can only have from the services above.
BY_ROW = {
    "changes.cancel",
    "changes.finish_now",
    "changes.retry",
    "changes.next_attempts",
    "control.finish",
    "control.retry_failed",
    "control.stop_all",
    "run_queries.actions_of",
    "run_queries.may_change",
    "shelf.may_remove",
    "shelf.remove",
}
# These ask for nothing in particular: the next test looks at what they answer.
LISTS = {
    "classes.list_classes",
    "deeds.deeds",
    "deeds.every_deed",
    "run_usage.usage",
    "shelf.find",
    "tokens.tokens_of",
    "tokens.tokens_of_school",
}
# These are about the viewer alone.
OWN = {"deeds.note", "tokens.issue", "tokens.forget"}
ROOMS = {
    "classes": classes,
    "deeds": deeds,
    "run_usage": run_usage,
    "tokens": tokens,
    "shelf": shelf,
    "changes": changes,
    "run_launch": run_launch,
    "run_queries": run_queries,
    "control": control,
    "draft": draft,
    "fit": fit,
    "launch": launch,
    "lesson_queries": lesson_queries,
}


@pytest.fixture
def theirs(town: Town) -> tuple[Lesson, Run]:
    """A lesson, a run and a token of the school over there."""
    teacher = town.there.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        tokens.issue(session, teacher, tokens.Wish("script", 1))
        tokens.issue_for_school(session, town.there.school.id, tokens.Wish("script", 1))
    lesson = town.launch(town.there)
    return lesson, town.runs()[0]


def viewers(town: Town) -> list[Viewer]:
    return [town.here.teacher, town.here.admin, town.here.seats[0]]


@pytest.mark.parametrize("name", ASKS)
def test_there_is_no_such_thing(town: Town, theirs: tuple[Lesson, Run], name: str) -> None:
    said = set()
    for viewer in viewers(town):
        with (
            town.portal.store.begin(viewer.tenant) as session,
            pytest.raises(NotFound) as caught,
        ):
            ASKS[name](Asked(town, session, viewer, *theirs))
        said.add(str(caught.value))
    assert len(said) == 1


@pytest.mark.parametrize("name", BY_FIELD)
def test_no_such_thing_is_a_fault_of_its_field(
    town: Town, theirs: tuple[Lesson, Run], name: str
) -> None:
    field, ask = BY_FIELD[name]
    for viewer in (town.here.teacher, town.here.admin):
        with (
            town.portal.store.begin(viewer.tenant) as session,
            pytest.raises(Invalid) as caught,
        ):
            ask(Asked(town, session, viewer, *theirs))
        assert set(caught.value.errors) == {field}


def test_lists_have_nothing_of_another_school(town: Town, theirs: tuple[Lesson, Run]) -> None:
    lesson, _ = theirs
    for viewer in viewers(town):
        with town.portal.store.reading(viewer.tenant) as session:
            assert run_queries.history(session, viewer) == []
            assert run_queries.history(session, viewer, lesson_id=lesson.id) == []
            assert run_queries.history(session, viewer, class_id=lesson.class_id) == []
            assert lesson_queries.lessons(session, viewer) == []
            assert lesson_queries.lessons(session, viewer, class_id=lesson.class_id) == []
            assert tokens.tokens_of(session, viewer) == []
            assert tokens.tokens_of_school(session, viewer) == []
            rows = classes.list_classes(session, viewer)
            assert [row.school_class.id for row in rows] == [town.here.class_id]
            found = {row.id for row in shelf.find(session, viewer)}
            assert town.here.data_set_id in found
            assert town.there.data_set_id not in found


def test_sums_and_the_audit_log_have_nothing_of_another_school(town: Town) -> None:
    """Asked for the other school by its id, where one can be given."""
    there, admin = town.there.school.id, town.here.admin
    with town.portal.store.begin(EVERYONE) as session:
        deeds.note(session, town.staff, "runs.page", school_id=there, thing="x", address=None)
        session.add(
            Usage(
                **{"job_id": 1, "task": 0, "started_at": time.time(), "school_id": there},
                **{"template": "counting", "eighths": 1, "seconds": 60.0},
            )
        )
    year = time.gmtime().tm_year
    for asked in ({}, {"school_id": there}):
        with town.portal.store.reading(admin.tenant) as session:
            for viewer in (town.here.teacher, admin):
                assert run_usage.usage(session, viewer, year, ZoneInfo("UTC"), **asked) == []
            assert deeds.deeds(session, admin, limit=9, **asked) == []
            assert list(deeds.every_deed(session, admin, **asked)) == []


def test_a_seat_finds_nothing_of_its_neighbours(town: Town) -> None:
    town.launch()
    first, second = town.here.seats[:2]
    own, others = town.runs()[0], town.runs()[1]
    with town.portal.store.reading(first.tenant) as session:
        assert [run.id for run in run_queries.history(session, first)] == [own.id]
        with pytest.raises(NotFound):
            run_queries.get_run(session, first, others.id)
    with town.portal.store.reading(second.tenant) as session:
        assert run_queries.get_run(session, second, others.id).id == others.id


def test_every_service_with_a_viewer_is_listed_here() -> None:
    listed = {*ASKS, *BY_FIELD, *BY_ROW, *LISTS, *OWN}
    found = {
        f"{room}.{name}"
        for room, module in ROOMS.items()
        for name, service in inspect.getmembers(module, inspect.isfunction)
        if service.__module__ == module.__name__
        and not name.startswith("_")
        and "viewer" in inspect.signature(service).parameters
    }
    assert found == listed


def test_history_goes_on_where_the_last_page_ended(town: Town) -> None:
    """Forty runs of one launch have one time; their ids decide."""
    town.launch()
    teacher: Viewer = town.here.teacher
    town.start(teacher)
    with town.portal.store.reading(teacher.tenant) as session:
        seen: list[Any] = []
        while page := run_queries.history(
            session, teacher, limit=2, before=seen[-1] if seen else None
        ):
            seen += [run.id for run in page]
        assert sorted(seen) == sorted(run.id for run in town.runs())
        assert len(run_queries.history(session, teacher, state="waiting")) == 5
        assert run_queries.history(session, teacher, state="failed") == []
        assert len(run_queries.history(session, teacher, class_id=town.here.class_id)) == 4
        with pytest.raises(Invalid):
            run_queries.history(session, teacher, state="gone")
