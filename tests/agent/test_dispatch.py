"""What waits is sent once, whatever happens in between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.agent import folders, lease
from portal.agent.dispatch import BACKOFF_S, Dispatch
from portal.agent.outbox import LeaseLost
from portal.language import N_
from portal.runs import changes
from portal.runs.states import RunState
from portal.scheduler import ArrayRequest, NotPermitted, QuotaExceeded, SubmittedArray, Unavailable
from portal.store import EVERYONE
from portal.store.tables import Lesson, Run, School, SchoolClass
from tests.agent.conftest import World


def names_in_slurm(world: World) -> dict[str, int]:
    found: dict[str, int] = {}
    for task in world.scheduler.alive().tasks:
        found[task.name] = found.get(task.name, 0) + 1
    return found


def test_forty_runs_are_one_array(world: World) -> None:
    world.add_runs(40)
    sent = world.dispatch.send_waiting()
    assert names_in_slurm(world) == {sent[0]: 40}
    assert world.states() == {"submitted": 40}
    assert world.scheduler.calls["submit"] == 1


def test_other_templates_travel_together_and_other_shares_do_not(world: World) -> None:
    world.add_runs(3)
    world.add_runs(3, eighths=2)
    world.add_runs(3, parameters={"algorithm": "knn"})
    world.dispatch.send_waiting()
    assert sorted(names_in_slurm(world).values()) == [3, 6]


def a_lesson(world: World) -> str:
    with world.store.begin(EVERYONE) as session:
        school_class = SchoolClass(school_id=world.school_id, slug="c1", name="Class 1")
        session.add(school_class)
        session.flush()
        lesson = Lesson(
            school_id=world.school_id,
            class_id=school_class.id,
            owner_id=world.owner_id,
            template="tabular-classifier",
            data_set_id=world.data_set_id,
            eighths=1,
            parameters={},
            state="open",
            starts_at=world.clock(),
            ends_at=world.clock() + 2400,
        )
        session.add(lesson)
        session.flush()
        return lesson.id


def test_homework_goes_under_its_own_qos(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str | None, int] = {}
    submit = world.scheduler.submit

    def note(request: ArrayRequest) -> SubmittedArray:
        asked[request.qos] = asked.get(request.qos, 0) + request.tasks
        return submit(request)

    monkeypatch.setattr(world.scheduler, "submit", note)
    lesson = a_lesson(world)
    for homework in (None, "homework"):
        slurm = replace(world.settings.slurm, qos="lesson", homework_qos=homework)
        world.settings = replace(world.settings, slurm=slurm)
        world.restart()
        world.add_runs(2)
        world.add_runs(3, lesson_id=lesson)
        world.dispatch.send_waiting()
    assert asked == {"lesson": 5 + 3, "homework": 2}
    assert len(world.batches()) == 3


def test_more_than_an_array_holds_becomes_several(world: World) -> None:
    world.add_runs(120)
    world.dispatch.send_waiting()
    assert sorted(names_in_slurm(world).values()) == [20, 50, 50]


def test_the_folders_say_what_to_train(world: World) -> None:
    (run_id,) = world.add_runs(1, parameters={"algorithm": "knn"})
    (batch_id,) = world.dispatch.send_waiting()
    folder = world.settings.data.root / "batches" / batch_id
    tasks = json.loads((folder / "tasks.json").read_text())
    entry = tasks["tasks"]["0"]
    run = json.loads((folder / entry["folder"] / "run.json").read_text())
    assert (entry["run"], entry["attempt"]) == (run_id, 1)
    assert run["parameters"] == {"algorithm": "knn"}
    assert (folder / "program").readlink().as_posix() == "../../programs/0123456789ab"


def test_a_run_without_a_minute_left_is_not_started(world: World) -> None:
    (run_id,) = world.add_runs(1, ends_by=world.clock() + 30)
    assert world.dispatch.send_waiting() == []
    run = world.run(run_id)
    assert (run.state, run.reason) == ("cancelled", "lesson-ended")


def test_the_time_limit_ends_with_the_lesson(world: World) -> None:
    world.add_runs(1, ends_by=world.clock() + 5 * 60 + 1, minutes=40)
    world.dispatch.send_waiting()
    assert [batch.minutes for batch in world.batches()] == [5]


@pytest.mark.parametrize("accepted", [True, False])
def test_a_lost_answer_makes_neither_none_nor_two(world: World, accepted: bool) -> None:
    world.add_runs(40)
    world.scheduler.lose_answer(accepted=accepted)
    assert world.dispatch.send_waiting() == []
    assert world.states() == {"waiting": 40}
    for _ in range(40):
        world.watch.look()
        world.dispatch.send_waiting()
        world.clock.advance(1)
    assert list(names_in_slurm(world).values()) == [40]
    assert world.scheduler.calls["submit"] == (1 if accepted else 2)


def test_silence_counts_for_nothing_when_an_answer_was_lost(world: World) -> None:
    world.add_runs(2)
    world.scheduler.lose_answer(accepted=True)
    world.dispatch.send_waiting()
    world.scheduler.unavailable = True
    for _ in range(100):
        world.watch.look()
        world.clock.advance(1)
    assert world.scheduler.calls["submit"] == 1
    world.scheduler.unavailable = False
    world.watch.look()
    assert list(names_in_slurm(world).values()) == [2]


class Killed(BaseException):
    """Stands for kill -9: nothing of the agent's own runs after it."""


STEPS = ["_lay_out", "_commit_to_sending", "_adopt", "submit-before", "submit-after"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_or_doubled(
    world: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_runs(40)

    def die(*_: object, **__: object) -> None:
        raise Killed

    real = world.scheduler.submit
    with monkeypatch.context() as patch:
        if step == "submit-before":
            patch.setattr(world.scheduler, "submit", die)
        elif step == "submit-after":
            patch.setattr(world.scheduler, "submit", lambda request: (real(request), die()))
        else:
            patch.setattr(Dispatch, step, die)
        with pytest.raises(Killed):
            world.dispatch.send_waiting()
    world.restart()
    for _ in range(40):
        world.dispatch.send_waiting()
        world.watch.look()
        world.clock.advance(1)
    assert list(names_in_slurm(world).values()) == [40]
    assert world.states().get("waiting", 0) == 0


def test_what_slurm_cannot_take_now_waits_with_the_reason(world: World) -> None:
    world.add_runs(2)
    world.scheduler.refuse(QuotaExceeded(N_("Full."), words="QOSMaxSubmitJobPerUserLimit"))
    assert world.dispatch.send_waiting() == []
    assert {run.reason for run in world.runs()} == {"waiting-for-school-share"}
    assert world.dispatch.send_waiting() == []
    world.clock.advance(BACKOFF_S)
    assert len(world.dispatch.send_waiting()) == 1


def test_a_storage_that_refuses_holds_up_no_other_school(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = world.add_runs(2)
    with world.store.begin(EVERYONE) as session:
        other = School(slug="dong", name="东小", slurm_account="dong")
        session.add(other)
        session.flush()
        school_id = other.id
    theirs = world.add_runs(2, school_id=school_id, created_at=world.clock() + 1)
    lay_out = folders.lay_out

    def refuse(*arguments: Any) -> Path:
        if arguments[3].account == "hua":
            raise OSError(28, "No space left on device")
        return lay_out(*arguments)

    monkeypatch.setattr(folders, "lay_out", refuse)
    assert len(world.dispatch.send_waiting()) == 1
    assert {world.run(run_id).state for run_id in theirs} == {"submitted"}
    waiting = world.run(mine[0])
    assert (waiting.state, waiting.reason) == ("waiting", "storage-refuses")
    monkeypatch.undo()
    world.clock.advance(BACKOFF_S)
    assert len(world.dispatch.send_waiting()) == 1


def test_a_controller_that_is_away_loses_nothing(world: World) -> None:
    world.add_runs(40)
    world.scheduler.refuse(Unavailable("Connection refused"))
    world.dispatch.send_waiting()
    assert {(run.state, run.reason) for run in world.runs()} == {
        ("waiting", "no-answer-from-slurm")
    }
    world.clock.advance(BACKOFF_S)
    world.dispatch.send_waiting()
    assert world.states() == {"submitted": 40}


def test_a_refusal_is_final_and_keeps_slurms_words(world: World) -> None:
    world.add_runs(2)
    world.scheduler.refuse(NotPermitted(N_("No."), words="Invalid account"))
    world.dispatch.send_waiting()
    run = world.runs()[0]
    assert (run.state, run.reason) == ("failed", "refused-by-slurm")
    assert "Invalid account" in (run.slurm_words or "")


def test_a_run_that_was_cancelled_before_it_was_sent_is_not_sent(world: World) -> None:
    first, second = world.add_runs(2)
    world.scheduler.refuse(Unavailable("Connection refused"))
    world.dispatch.send_waiting()
    with world.store.begin(EVERYONE) as session:
        session.get_one(Run, first).cancel_asked_at = world.clock()
    world.clock.advance(BACKOFF_S)
    world.dispatch.send_waiting()
    assert world.run(first).state == RunState.CANCELLED
    assert world.run(second).state == RunState.SUBMITTED


def test_a_run_cancelled_while_its_batch_was_in_doubt_holds_up_no_other(world: World) -> None:
    ids = world.add_runs(3)
    world.scheduler.lose_answer(accepted=False)
    world.dispatch.send_waiting()
    with world.store.begin(EVERYONE) as session:
        session.get_one(Run, ids[0]).cancel_asked_at = world.clock()
    for _ in range(40):
        world.watch.look()
        world.dispatch.send_waiting()
        world.wishes.pass_on()
        world.clock.advance(1)
    assert world.run(ids[0]).state == RunState.CANCELLED
    assert world.scheduler.calls["submit"] == 2
    assert all(world.run(run_id).batch_id is not None for run_id in ids[1:])
    assert {world.run(run_id).state for run_id in ids[1:]}.isdisjoint({"waiting", "cancelled"})


def test_an_agent_that_lost_its_lease_sends_nothing(world: World) -> None:
    world.add_runs(2)
    old = world.dispatch
    world.restart()
    world.dispatch.send_waiting()
    world.add_runs(2)
    with pytest.raises(LeaseLost):
        old.send_waiting()
    assert world.scheduler.calls["submit"] == 1


def test_a_batch_that_another_agent_took_apart_is_not_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its agent stood still between its folders and the commit that announces it."""
    world.add_runs(2)
    slow, lay_out = world.dispatch, folders.lay_out
    monkeypatch.setattr(lease, "has_gone", lambda _: True)

    def stand_still(*arguments: Any) -> Path:
        monkeypatch.setattr(folders, "lay_out", lay_out)
        world.restart()
        assert len(world.dispatch.send_waiting()) == 1
        return lay_out(*arguments)

    monkeypatch.setattr(folders, "lay_out", stand_still)
    assert slow.send_waiting() == []
    assert world.scheduler.calls["submit"] == 1
    assert world.states() == {"submitted": 2}


def test_who_was_stopped_meanwhile_keeps_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, other = world.add_runs(2)
    submit = world.scheduler.submit

    def and_meanwhile(request: ArrayRequest) -> SubmittedArray:
        with world.store.begin(EVERYONE) as session:
            changes.stop([session.get_one(Run, stopped)], changes.BY_PUPIL)
        return submit(request)

    monkeypatch.setattr(world.scheduler, "submit", and_meanwhile)
    world.dispatch.send_waiting()
    assert world.run(stopped).reason == changes.BY_PUPIL
    assert world.run(other).reason is None
    assert world.states() == {"submitted": 2}
