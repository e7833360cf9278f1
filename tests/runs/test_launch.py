"""Starting one run: what is written, every fault at once, and what a pupil may choose."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.runs.belonging import MOST_LIVE_RUNS
from portal.runs.states import RunState
from tests.town import TEMPLATE, Town

DEFAULTS = {"algorithm": "KNN", "features": ["length", "width"], "neighbours": 5}


def test_a_teachers_run_is_written_whole(town: Town) -> None:
    run = town.start(town.here.teacher, parameters={"neighbours": "7"}, minutes=3)
    stored = town.runs()[0]
    assert stored.id == run.id
    assert (stored.state, stored.attempt, stored.batch_id) == (RunState.WAITING, 1, None)
    assert (stored.school_id, stored.owner_id) == (
        town.here.school.id,
        town.here.teacher.user_id,
    )
    assert stored.parameters == stored.parameters | DEFAULTS | {"neighbours": 7}
    assert (stored.eighths, stored.minutes, stored.ends_by) == (1, 3, None)
    assert stored.template_version == town.portal.catalog.get(TEMPLATE).version
    assert run.data_set.slug == "penguins"


def test_what_is_left_open_is_the_templates_default(town: Town) -> None:
    resources = town.portal.catalog.get(TEMPLATE).resources
    run = town.start(town.here.teacher, share=None, minutes=None)
    assert (run.eighths, run.minutes) == (resources.default_share, resources.default_minutes)


def test_every_fault_of_a_run_is_reported_at_once(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        town.start(
            town.here.teacher,
            share=3,
            minutes=0,
            language="fr",
            parameters={"neighbours": 0, "algorithm": "Magic", "colour": 1},
        )
    assert set(caught.value.errors) == {
        "share",
        "minutes",
        "language",
        "parameters.neighbours",
        "parameters.algorithm",
        "parameters.colour",
    }
    assert town.runs() == []


def test_a_missing_choice_is_a_fault_beside_its_field(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        town.start(town.here.teacher, template="", data="")
    assert set(caught.value.errors) == {"template", "data"}
    with pytest.raises(Invalid) as caught:
        town.start(town.here.teacher, template="no-such", data="no-such")
    assert set(caught.value.errors) == {"template", "data"}


def test_data_of_another_kind_is_a_fault_of_the_data(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        town.start(town.here.teacher, data="clothes")
    assert set(caught.value.errors) == {"data"}


def test_another_schools_data_is_no_data(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        town.start(town.here.teacher, data=town.there.data_set_id)
    assert set(caught.value.errors) == {"data"}
    # The same name is another data set in each school.
    run = town.start(town.here.teacher, data="own")
    assert run.data_set_id == town.here.data_set_id


def test_staff_start_nothing(town: Town) -> None:
    with pytest.raises(NotAllowed):
        town.start(town.staff)


def test_nobody_has_endlessly_many_runs_under_way(town: Town) -> None:
    teacher = town.here.teacher
    runs = [town.start(teacher) for _ in range(MOST_LIVE_RUNS)]
    with pytest.raises(Conflict):
        town.start(teacher)
    town.start(town.here.admin)
    town.set(runs[0], state="failed")
    town.start(teacher)


class TestPupils:
    """A pupil trains in the lesson of the class, with what the teacher left open."""

    @pytest.fixture
    def lesson_id(self, town: Town) -> str:
        lesson = town.launch(parameters={"neighbours": 9, "held_out": 0.4}, seats=(1,))
        town.set(town.runs()[0], state="succeeded")
        return lesson.id

    def test_the_lesson_says_what_and_the_pupil_how(self, town: Town, lesson_id: str) -> None:
        seat = town.here.seats[1]
        run = town.start(seat, template="", data="", share=None, parameters={"algorithm": "CART"})
        assert (run.lesson_id, run.seat_id, run.owner_id) == (
            lesson_id,
            seat.seat_id,
            seat.user_id,
        )
        assert (run.template, run.data_set.slug, run.eighths) == (TEMPLATE, "penguins", 1)
        assert run.ends_by == run.lesson.ends_at
        assert run.parameters["algorithm"] == "CART"
        assert (run.parameters["neighbours"], run.parameters["held_out"]) == (9, 0.4)
        assert run.minutes == town.portal.catalog.get(TEMPLATE).resources.minutes

    def test_what_the_teacher_chose_is_not_the_pupils(self, town: Town, lesson_id: str) -> None:
        with pytest.raises(Invalid) as caught:
            town.start(
                town.here.seats[1],
                lesson_id=lesson_id,
                template="image-classifier",
                data="clothes",
                share=8,
                parameters={"held_out": 0.1, "neighbours": 99},
            )
        assert set(caught.value.errors) == {
            "template",
            "data",
            "share",
            "parameters.held_out",
            "parameters.neighbours",
        }

    def test_one_run_of_a_seat_at_a_time(self, town: Town, lesson_id: str) -> None:
        seat = town.here.seats[0]
        first = town.start(seat)
        with pytest.raises(Conflict):
            town.start(seat)
        town.start(town.here.seats[1])
        town.set(first, state="failed")
        town.start(seat)

    def test_without_a_lesson_nobody_trains(self, town: Town, lesson_id: str) -> None:
        stranger = town.there.seats[0]
        with pytest.raises(Conflict):
            town.start(stranger)
        with pytest.raises(NotFound):
            town.start(stranger, lesson_id=lesson_id)

    def test_after_the_bell_nobody_trains(
        self, town: Town, lesson_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later = time.time() + 41 * 60
        monkeypatch.setattr(time, "time", lambda: later)
        for chosen in (None, lesson_id):
            with pytest.raises(Conflict):
                town.start(town.here.seats[0], lesson_id=chosen)


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["algorithm", "features", "neighbours", "depth", "held_out", "data", ""])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given=st.dictionaries(NAMES | st.text(max_size=9), ANY_VALUE, max_size=5))
def test_whatever_comes_as_parameters_is_a_run_within_bounds_or_faults_by_field(
    town: Town, given: dict[str, Any]
) -> None:
    faults: list[str] = []
    try:
        run = town.start(town.here.teacher, parameters=given)
    except Invalid as wrong:
        faults += wrong.errors
    if faults:
        assert all(name.startswith("parameters.") for name in faults)
        assert town.runs(state="waiting") == []
        return
    town.set(run, state="succeeded")
    fields = {field.name: field for field in town.portal.catalog.get(TEMPLATE).fields}
    assert set(run.parameters) == set(fields)
    assert fields["neighbours"].minimum <= run.parameters["neighbours"]
    assert run.parameters["neighbours"] <= fields["neighbours"].maximum
    assert set(run.parameters["features"]) <= {"length", "width"}
