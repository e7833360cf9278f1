"""A template that a school does not use: not listed, and not trained with in any way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.errors import Invalid, NotAllowed, NotFound
from portal.people.accounts import load_viewer
from portal.people.schools import choose_templates, get_school
from portal.people.viewer import Viewer
from portal.runs.changes import retry
from portal.runs.launch import start_run
from portal.runs.press import Press, press_all
from portal.runs.states import RunState
from portal.runs.templates import template_of, templates_of
from portal.store import EVERYONE
from tests.town import TEMPLATE, Town


def known(town: Town) -> list[str]:
    return [template.name for template in town.portal.catalog.all()]


def without(town: Town, viewer: Viewer, name: str = TEMPLATE) -> Viewer:
    """The viewer after staff have switched a template off for the school."""
    with town.portal.store.begin(EVERYONE) as session:
        used = [each for each in known(town) if each != name]
        choose_templates(get_school(session, "hua"), known(town), used)
    with town.portal.store.reading(EVERYONE) as session:
        found = load_viewer(session, viewer.user_id)
    assert found is not None
    return found


def test_it_is_listed_for_others_and_not_for_this_school(town: Town) -> None:
    teacher = without(town, town.here.teacher)
    house = town.portal
    assert TEMPLATE not in [each.name for each in templates_of(house, teacher)]
    assert [each.name for each in templates_of(house, town.there.teacher)] == known(town)
    with pytest.raises(NotFound):
        template_of(house, teacher, TEMPLATE)
    assert template_of(house, town.staff, TEMPLATE).name == TEMPLATE


def test_nobody_of_the_school_starts_it(town: Town) -> None:
    lesson = town.launch()
    teacher, seat = without(town, town.here.teacher), without(town, town.here.seats[0])
    with town.portal.store.begin(teacher.tenant) as session:
        with pytest.raises(Invalid) as caught:
            start_run(session, town.portal, teacher, town.run_request(), key=None)
        assert set(caught.value.errors) == {"template"}
        wish = replace(town.run_request(), template="", data="", lesson_id=lesson.id)
        (pressed,) = press_all(session, town.portal, [Press(viewer=seat, request=wish, key=None)])
    assert isinstance(pressed, Invalid)
    assert set(pressed.errors) == {"template"}


def test_what_failed_with_it_is_not_tried_again(town: Town) -> None:
    run = town.start(town.here.teacher)
    town.set(run, state=RunState.FAILED)
    teacher = without(town, town.here.teacher)
    with town.portal.store.begin(teacher.tenant) as session, pytest.raises(NotAllowed):
        retry(session, teacher, [run], key=None)


def test_what_the_site_has_not_just_now_stays_off(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        school = get_school(session, "hua")
        choose_templates(school, ["a", "b"], ["b"])
        choose_templates(school, ["b", "c"], ["b", "c"])
        assert school.templates_off == ["a"]
        choose_templates(school, ["a", "b", "c"], ["a", "b", "c"])
        assert school.templates_off == []
