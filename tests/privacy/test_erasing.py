"""What is deleted is found nowhere any more, whatever happened on the way."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from portal.datasets.contents import Contents
from portal.errors import NotAllowed, NotFound
from portal.people.viewer import Viewer
from portal.privacy import eraser as erasers
from portal.privacy.eraser import Eraser
from portal.privacy.erasures import ask, erasures, get_erasure
from portal.runs.states import RunState
from portal.store import EVERYONE
from portal.store.database import sqlite_file
from portal.store.tables import (
    Answered,
    Batch,
    Content,
    DataSet,
    Erasure,
    Run,
    School,
    SchoolClass,
    Seat,
    Token,
    Usage,
    User,
)
from tests.agent.conftest import Clock
from tests.town import MANIFEST, Town

CANARY = "zhang-xiaoming-photo"
FACES = "fa" * 32


class Killed(BaseException):
    """The agent's machine is switched off."""


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def eraser(town: Town, clock: Clock) -> Eraser:
    return Eraser(town.portal.settings.data.root, town.portal.store, clock, clock)


def finish(eraser: Eraser, clock: Clock) -> None:
    """What an agent does in a few minutes."""
    for _ in range(20):
        eraser.step()
        clock.advance(61)


def wanted(town: Town, viewer: Viewer, kind: str, which: str) -> Erasure:
    with town.portal.store.begin(viewer.tenant) as session:
        return ask(session, viewer, kind, which)


def receipt(town: Town, erasure: Erasure) -> Erasure:
    with town.portal.store.reading(town.staff.tenant) as session:
        return get_erasure(session, town.staff, erasure.id)


def everywhere(town: Town) -> str:
    """Every byte of the data root and of the database, and every name of a file."""
    settings = town.portal.settings
    found = [str(path) for path in settings.data.root.rglob("*")]
    files = [path for path in settings.data.root.rglob("*") if path.is_file()]
    database = sqlite_file(settings.database)
    if database is not None:
        files += list(database.parent.glob(f"{database.name}*"))
    else:
        with town.portal.store.engine.connect() as connection:
            for name in inspect(connection).get_table_names():
                rows = connection.execute(text(f'SELECT t::text FROM "{name}" t'))  # noqa: S608
                found += [row[0] for row in rows]
    return "\n".join([*found, *(path.read_bytes().decode("latin-1") for path in files)])


def a_class_with_traces(town: Town) -> str:
    """A lesson of a class whose every text says whose it was; the lesson's id."""
    root, here = town.portal.settings.data.root, town.here
    content = Contents(root).folder(FACES)
    content.mkdir(parents=True)
    for name in ("pictures.zip", "contact-sheet.webp", "preview.json"):
        (content / name).write_text(f"pixels of {CANARY}", encoding="utf-8")
    with town.portal.store.begin(EVERYONE) as session:
        session.add(Content(sha256=FACES, kind="table", size=1, manifest=_manifest(CANARY)))
        school_class = session.get_one(SchoolClass, here.class_id)
        school_class.name, school_class.code = CANARY, "k7m2px"
        session.flush()
        session.add(
            DataSet(
                school_id=here.school.id,
                class_id=here.class_id,
                personal=True,
                slug=CANARY,
                name_zh=CANARY,
                name_en=CANARY,
                kind="table",
                sha256=FACES,
                source=f"taken by {CANARY}",
            )
        )
    lesson = town.launch(data=CANARY)
    with town.portal.store.begin(EVERYONE) as session:
        batch = Batch(
            school_id=here.school.id,
            state="closed",
            account="hua",
            eighths=1,
            memory_mb=1,
            minutes=1,
        )
        session.add(batch)
        session.flush()
        runs = session.scalars(select(Run).where(Run.lesson_id == lesson.id)).all()
        for task, run in enumerate(runs):
            run.batch_id, run.task, run.state = batch.id, task, RunState.SUCCEEDED.value
            run.parameters = {"note": CANARY}
            session.add(
                Usage(
                    job_id=1,
                    task=task,
                    started_at=1.0,
                    school_id=here.school.id,
                    class_id=here.class_id,
                    template="t",
                    eighths=1,
                    seconds=60,
                )
            )
        seat = here.seats[0]
        session.add(
            Token(user_id=seat.user_id, name=CANARY, scopes="", sha256="a" * 64, ends_at=9e9)
        )
        values = {"user_id": seat.user_id, "key": "k", "fingerprint": "f"}
        session.add(Answered(**values, made={"run": CANARY}))
    folder = root / "batches" / batch.id
    folder.mkdir(parents=True)
    tasks = {str(run.task): {"run": run.id} for run in runs}
    (folder / "tasks.json").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
    for run in runs:
        town.write(run, f"{CANARY}.png", f"pixels of {CANARY}")
        town.write(run, "log.txt", CANARY)
        (folder / f"slurm-{run.task}.out").write_text(CANARY, encoding="utf-8")
    return lesson.id


def _manifest(name: str) -> dict[str, object]:
    return {**MANIFEST, "classes": [{"name": name, "count": 50}, {"name": "b", "count": 50}]}


def test_nothing_of_a_class_is_found_after_its_deletion(
    town: Town, eraser: Eraser, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    a_class_with_traces(town)
    assert everywhere(town).count(CANARY) > 15
    asked = wanted(town, town.here.admin, "class", town.here.class_id)
    finish(eraser, clock)
    done = receipt(town, asked)
    assert (done.state, done.left, done.plan) == ("done", 0, {})
    assert everywhere(town).count(CANARY) == 0
    assert CANARY not in caplog.text
    assert done.rows == {
        **{"run": 4, "seat": 4, "user": 4, "class": 1, "lesson": 1, "batch": 1},
        **{"data_set": 1, "content": 1, "token": 1, "answered": 1},
    }
    # Four pictures and logs, three files of the content, four outputs and their tasks.json.
    assert done.files == 4 * 2 + 3 + 5
    assert done.bytes > 200
    with town.portal.store.reading(EVERYONE) as session:
        used = session.scalars(select(Usage)).all()
        assert [(u.class_id, u.seconds) for u in used] == [(None, 60.0)] * 4


def test_the_other_school_and_what_others_use_is_untouched(
    town: Town, eraser: Eraser, clock: Clock
) -> None:
    a_class_with_traces(town)
    with town.portal.store.begin(EVERYONE) as session:
        other = DataSet(
            school_id=town.there.school.id,
            slug="same",
            name_zh="s",
            name_en="s",
            kind="table",
            sha256=FACES,
        )
        session.add(other)
    there = town.launch(town.there)
    before = {run.id for run in town.runs(lesson_id=there.id)}
    wanted(town, town.here.admin, "school", town.here.school.id)
    finish(eraser, clock)
    assert {run.id for run in town.runs()} == before
    assert Contents(town.portal.settings.data.root).folder(FACES).is_dir()
    with town.portal.store.reading(EVERYONE) as session:
        assert session.get(Content, FACES) is not None
        # The school itself, what it has used and its receipts stay with the centre.
        assert session.get(School, town.here.school.id) is not None
        people = session.scalars(select(User).where(User.school_id == town.here.school.id))
        assert people.all() == []


@pytest.mark.parametrize("kind", ["run", "data", "seat"])
def test_a_part_goes_and_the_rest_stays(
    town: Town, eraser: Eraser, clock: Clock, kind: str
) -> None:
    lesson_id = a_class_with_traces(town)
    runs, admin = town.runs(lesson_id=lesson_id), town.here.admin
    with town.portal.store.reading(EVERYONE) as session:
        data = session.scalars(select(DataSet).where(DataSet.sha256 == FACES)).one()
    which = {"run": runs[0].id, "data": data.id, "seat": runs[0].seat_id or ""}[kind]
    asked = wanted(town, admin, kind, which)
    finish(eraser, clock)
    done = receipt(town, asked)
    assert (done.state, done.left) == ("done", 0)
    left = town.runs(lesson_id=lesson_id)
    assert len(left) == {"run": 3, "data": 0, "seat": 3}[kind]
    for run in runs:
        folder = town.portal.settings.data.root / "runs" / run.id[:2] / run.id
        assert folder.exists() == (run.id in {each.id for each in left})
    with town.portal.store.reading(EVERYONE) as session:
        # The chair stays, and whoever sits down there next finds nothing.
        assert len(session.scalars(select(Seat).filter_by(class_id=town.here.class_id)).all()) == 4
        assert len(session.scalars(select(Token)).all()) == (0 if kind == "seat" else 1)
        assert all(user.active for user in session.scalars(select(User)))
    batch = next((town.portal.settings.data.root / "batches").iterdir(), None)
    assert (batch is None) == (kind == "data")
    assert batch is None or len(list(batch.glob("*.out"))) == 3


def test_what_trains_is_stopped_first_and_waited_for(
    town: Town, eraser: Eraser, clock: Clock
) -> None:
    lesson_id = a_class_with_traces(town)
    run = town.runs(lesson_id=lesson_id)[0]
    town.set(run, state="running")
    asked = wanted(town, town.here.admin, "class", town.here.class_id)
    finish(eraser, clock)
    assert receipt(town, asked).state == "asked"
    assert town.runs(id=run.id)[0].cancel_asked_at is not None
    town.set(run, state="cancelled")
    finish(eraser, clock)
    assert (receipt(town, asked).state, receipt(town, asked).rows["run"]) == ("done", 4)


@pytest.mark.parametrize("step", [1, 4, 8])
def test_killed_at_any_step_it_goes_on_and_counts_the_same(
    town: Town, eraser: Eraser, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(erasers, "FOLDERS_AT_ONCE", 2)
    a_class_with_traces(town)
    asked = wanted(town, town.here.admin, "class", town.here.class_id)
    _kill_at(monkeypatch, step)
    with pytest.raises(Killed):
        finish(eraser, clock)
    monkeypatch.undo()
    after = Eraser(town.portal.settings.data.root, town.portal.store, clock, clock)
    finish(after, clock)
    done = receipt(town, asked)
    assert (done.state, done.left, done.rows["run"], done.files) == ("done", 0, 4, 16)
    assert CANARY not in everywhere(town)


def _kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Die in the n-th removal, after a file of it has gone; or before one is noted."""
    calls = 0

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == step:
                for path in given:
                    if isinstance(path, Path) and path.is_dir():
                        next(each for each in path.rglob("*") if each.is_file()).unlink()
                raise Killed
            return real(*given, **named)

        return call

    monkeypatch.setattr(erasers.Eraser, "_note", dying(erasers.Eraser._note))
    monkeypatch.setattr("portal.privacy.traces.shutil.rmtree", dying(shutil.rmtree))


def test_asking_twice_is_asking_once(town: Town, eraser: Eraser, clock: Clock) -> None:
    first = wanted(town, town.here.admin, "class", town.here.class_id)
    assert wanted(town, town.here.admin, "class", town.here.class_id).id == first.id
    finish(eraser, clock)
    with pytest.raises(NotFound):
        wanted(town, town.here.admin, "class", town.here.class_id)


def test_who_may_ask_and_who_sees_the_receipt(town: Town) -> None:
    run = town.start(town.here.teacher)
    for viewer, kind, which, wrong in (
        (town.there.admin, "class", town.here.class_id, NotFound),
        (town.there.admin, "school", town.here.school.id, NotFound),
        (town.there.teacher, "run", run.id, NotFound),
        (town.here.teacher, "class", town.here.class_id, NotAllowed),
        (town.here.seats[0], "run", run.id, NotAllowed),
        (town.here.teacher, "centre", "x", NotFound),
    ):
        with pytest.raises(wrong):
            wanted(town, viewer, kind, which)
    asked = wanted(town, town.here.teacher, "run", run.id)
    with town.portal.store.reading(town.there.admin.tenant) as session:
        assert erasures(session, town.there.admin) == []
        with pytest.raises(NotFound):
            get_erasure(session, town.there.admin, asked.id)
