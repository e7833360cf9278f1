"""Stop, finish, retry: what changes at once, what is left to the agent, and what is harmless."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from portal.errors import Conflict, NotAllowed
from portal.people.viewer import Viewer
from portal.runs import changes
from portal.runs.queries import actions_of, get_run
from portal.runs.states import FINAL, LIVE, RunState
from portal.store import EVERYONE
from portal.store.tables import Batch, Run
from tests.town import Town


def do(town: Town, viewer: Viewer, change: Callable[..., Sequence[Run]], *runs: Run) -> list[str]:
    """The ids that one change changed, in a transaction of its own."""
    with town.portal.store.begin(viewer.tenant) as session:
        found = [get_run(session, viewer, run.id) for run in runs]
        return [run.id for run in change(session, viewer, found)]


def retry(key: str | None = None) -> Callable[..., Sequence[Run]]:
    return lambda session, viewer, runs: changes.retry(session, viewer, runs, key=key)


def in_slurm(town: Town, run: Run, state: RunState = RunState.SUBMITTED) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        batch = Batch(
            school_id=run.school_id,
            state="submitted",
            account="a",
            eighths=1,
            memory_mb=1,
            minutes=1,
            job_id=7,
        )
        session.add(batch)
        session.flush()
        found = session.get_one(Run, run.id)
        found.state, found.batch_id, found.task = state.value, batch.id, 0


def again(town: Town, run: Run) -> Run:
    return town.runs(id=run.id)[0]


def test_what_slurm_does_not_know_is_stopped_at_once(town: Town) -> None:
    run = town.start(town.here.teacher)
    assert do(town, town.here.teacher, changes.cancel, run) == [run.id]
    stopped = again(town, run)
    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "cancelled-by-teacher")
    assert stopped.ended_at is not None
    assert changes.ending_reason(stopped) is None


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.SUBMITTED, RunState.RUNNING])
def test_what_has_a_batch_is_left_to_the_agent(town: Town, state: RunState) -> None:
    run = town.start(town.here.teacher)
    in_slurm(town, run, state)
    assert do(town, town.here.teacher, changes.cancel, run) == [run.id]
    asked = again(town, run)
    assert asked.state == state
    assert asked.cancel_asked_at is not None
    assert changes.ending_reason(asked) == "cancelled-by-teacher"
    assert do(town, town.here.teacher, changes.cancel, run) == []
    assert again(town, run).cancel_asked_at == asked.cancel_asked_at


def test_a_pupils_stop_is_the_pupils(town: Town) -> None:
    town.launch(seats=(1, 2))
    first, second = town.runs()
    seat = town.here.seats[0]
    assert do(town, seat, changes.cancel, first) == [first.id]
    assert again(town, first).reason == "cancelled-by-pupil"
    assert do(town, town.here.teacher, changes.cancel, second) == [second.id]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_what_is_over_cannot_be_stopped_or_finished(town: Town, state: RunState) -> None:
    run = town.start(town.here.teacher)
    town.set(run, state=state.value)
    assert do(town, town.here.teacher, changes.cancel, run) == []
    assert do(town, town.here.teacher, changes.finish_now, run) == []
    assert again(town, run).state == state


def test_only_what_trains_can_finish_early(town: Town) -> None:
    runs = [town.start(town.here.teacher) for _ in range(3)]
    in_slurm(town, runs[1])
    in_slurm(town, runs[2], RunState.RUNNING)
    assert do(town, town.here.teacher, changes.finish_now, *runs) == [runs[2].id]
    assert do(town, town.here.teacher, changes.finish_now, *runs) == []
    assert again(town, runs[2]).finish_asked_at is not None


@pytest.mark.parametrize("state", sorted(FINAL - {RunState.SUCCEEDED}))
def test_a_retry_is_the_next_attempt(town: Town, state: RunState) -> None:
    run = town.start(town.here.teacher)
    in_slurm(town, run, state)
    town.set(run, reason="node-failed", metrics={"accuracy": 1})
    assert do(town, town.here.teacher, retry(), run) == [run.id]
    fresh = again(town, run)
    assert (fresh.state, fresh.attempt, fresh.batch_id, fresh.metrics) == (
        RunState.WAITING,
        2,
        None,
        None,
    )
    assert fresh.seed == run.seed


@pytest.mark.parametrize("state", [*sorted(LIVE), RunState.SUCCEEDED])
def test_what_lives_or_succeeded_is_not_retried(town: Town, state: RunState) -> None:
    run = town.start(town.here.teacher)
    town.set(run, state=state.value)
    assert do(town, town.here.teacher, retry(), run) == []
    assert again(town, run).attempt == 1


def test_a_retry_pressed_twice_with_one_key_is_one_attempt(town: Town) -> None:
    run = town.start(town.here.teacher)
    town.set(run, state="failed")
    assert do(town, town.here.teacher, retry("k"), run) == [run.id]
    town.set(run, state="failed")
    assert do(town, town.here.teacher, retry("k"), run) == [run.id]
    assert again(town, run).attempt == 2
    assert again(town, run).state == "failed"


def test_a_seat_does_not_retry_beside_a_run_that_lives(town: Town) -> None:
    town.launch(seats=(1,))
    first = town.runs()[0]
    seat = town.here.seats[0]
    town.set(first, state="failed")
    town.start(seat)
    with pytest.raises(Conflict):
        do(town, seat, retry(), first)
    assert again(town, first).state == "failed"


def test_after_the_lesson_nothing_is_retried(town: Town) -> None:
    lesson = town.launch(seats=(1,))
    run = town.runs()[0]
    town.set(run, state="failed", reason="node-failed")
    with town.portal.store.begin(EVERYONE) as session:
        session.merge(lesson).state = "ended"
    with pytest.raises(Conflict):
        do(town, town.here.teacher, retry(), run)
    with town.portal.store.reading(town.here.teacher.tenant) as session:
        found = get_run(session, town.here.teacher, run.id)
        assert actions_of(town.here.teacher, found) == frozenset()


def test_a_pupil_changes_no_run_of_another(town: Town) -> None:
    town.launch(seats=(1, 2))
    other = town.runs()[1]
    seat = town.here.seats[0]
    for change in (changes.cancel, changes.finish_now, retry()):
        with (
            town.portal.store.begin(seat.tenant) as session,
            pytest.raises(NotAllowed),
        ):
            # get_run would not show it; a caller that found it elsewhere is refused as well.
            change(session, seat, [session.get_one(Run, other.id)])


def test_staff_may_stop_and_may_not_start_again(town: Town) -> None:
    run = town.start(town.here.teacher)
    assert do(town, town.staff, changes.cancel, run) == [run.id]
    with pytest.raises(NotAllowed):
        do(town, town.staff, retry(), run)


def test_which_buttons_a_run_has(town: Town) -> None:
    teacher, run = town.here.teacher, town.start(town.here.teacher)

    def buttons(viewer: Viewer, **values: object) -> set[str]:
        town.set(run, **values)
        with town.portal.store.reading(viewer.tenant) as session:
            return set(actions_of(viewer, get_run(session, viewer, run.id)))

    assert buttons(teacher) == {"cancel"}
    assert buttons(teacher, state="running") == {"cancel", "finish"}
    assert buttons(teacher, finish_asked_at=1.0) == {"cancel"}
    assert buttons(teacher, cancel_asked_at=1.0) == set()
    assert buttons(teacher, state="failed", reason="node-failed") == {"retry"}
    assert buttons(town.staff) == set()
    assert buttons(teacher, reason="too-little-data") == set()
    assert buttons(teacher, state="succeeded", reason=None) == set()
