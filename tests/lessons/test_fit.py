"""Does it fit: measured where there is something to measure, and honest about turns."""

from __future__ import annotations

import time
from typing import Any

import pytest

from portal import catalog
from portal.errors import Invalid, NotAllowed
from portal.lessons.fit import Fit, fit
from portal.lessons.shares import Shares
from portal.people.viewer import Viewer
from portal.store import EVERYONE
from portal.store.tables import ClusterView, Run
from tests.town import MANIFEST, TEMPLATE, Town


def ask(town: Town, viewer: Viewer | None = None, **changes: Any) -> Fit:
    asker = viewer or town.here.teacher
    with town.portal.store.reading(asker.tenant) as session:
        return fit(session, town.portal, asker, town.lesson_request(**changes))


def see(town: Town, **view: Any) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        session.merge(ClusterView(name="nodes", seen_at=time.time(), view=view))


def done(town: Town, train_seconds: float, **changes: Any) -> Run:
    """A run of this school that succeeded in so many seconds."""
    run = town.start(town.here.teacher)
    timing = {"setup_seconds": 1.0, "train_seconds": train_seconds, "steps": 10}
    town.set(run, **{"state": "succeeded", "timing": timing, **changes})
    return run


def test_before_the_first_run_it_is_the_templates_estimate(town: Town) -> None:
    template = town.portal.catalog.get(TEMPLATE)
    found = ask(town)
    expected = catalog.seconds(template, town.start(town.here.teacher).parameters, MANIFEST, 1)
    assert found.seconds_per_run == pytest.approx(expected)
    assert not found.measured
    assert (found.seats, found.eighths, found.gpus) == (4, 1, 0.5)
    assert (found.at_once, found.waves) == (None, 1)
    assert found.fits
    assert found.seconds_left == 40 * 60


def test_after_some_runs_it_is_their_median(town: Town) -> None:
    for train_seconds in (100.0, 120.0, 900.0):
        run = done(town, train_seconds)
    # None of these tells how long a whole run takes here.
    done(town, 9000.0, finish_asked_at=1.0)
    done(town, 9000.0, state="failed")
    done(town, 9000.0, eighths=2)
    done(town, 9000.0, template_version="older")
    template = town.portal.catalog.get(TEMPLATE)
    found = ask(town)
    assert found.measured
    assert found.seconds_per_run == pytest.approx(template.estimate.startup_seconds + 120)
    more = ask(town, parameters={"features": ["length"]})
    rate = 120 / catalog.steps(template, run.parameters, MANIFEST)
    assert more.seconds_per_run == pytest.approx(
        template.estimate.startup_seconds + rate * catalog.steps(template, run.parameters, MANIFEST)
    )


def test_another_schools_runs_are_not_looked_at(town: Town) -> None:
    run = town.start(town.there.teacher)
    town.set(run, state="succeeded", timing={"train_seconds": 1e6})
    assert not ask(town).measured


def test_four_seats_on_three_shares_take_two_turns(town: Town) -> None:
    see(town, capacity_eighths=8, used_eighths=5, schools={})
    found = ask(town)
    assert (found.at_once, found.waves) == (0, 4)
    see(town, capacity_eighths=16, used_eighths=0, schools={"school_hua": {"limit_eighths": 3}})
    found = ask(town)
    assert (found.at_once, found.waves) == (3, 2)
    assert found.total_seconds == pytest.approx(2.0 + 2 * found.seconds_per_run)
    assert "2 turns" in str(found.sentence)


def test_what_does_not_fit_says_so(town: Town) -> None:
    done(town, 500.0)
    see(town, capacity_eighths=8, used_eighths=0, schools={"school_hua": {"limit_eighths": 1}})
    found = ask(town, minutes=30)
    assert not found.fits
    assert found.waves == 4
    assert "34 of 30" in str(found.sentence)


def test_a_run_longer_than_its_own_limit_does_not_fit_a_long_lesson(town: Town) -> None:
    limit = town.portal.catalog.get(TEMPLATE).resources.minutes
    done(town, limit * 60 + 60.0)
    assert not ask(town, minutes=240).fits


def test_it_refuses_what_a_launch_would_refuse(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        ask(town, template="", data="", minutes=500)
    assert set(caught.value.errors) == {"template", "data", "minutes"}
    with pytest.raises(NotAllowed):
        ask(town, viewer=town.here.seats[0])


@pytest.mark.parametrize(
    ("shares", "eighths", "at_once"),
    [
        (Shares(None, 0, None, 0), 1, None),
        (Shares(64, 0, None, 0), 1, 64),
        (Shares(64, 0, None, 0), 4, 16),
        (Shares(64, 0, None, 0), 8, 8),
        # A share of three eighths leaves two of every GPU over.
        (Shares(64, 0, None, 0), 3, 16),
        (Shares(64, 0, 16, 0), 2, 8),
        (Shares(None, 0, 16, 0), 2, 8),
        # What the own school uses is the own school's.
        (Shares(64, 40, None, 40), 1, 64),
        (Shares(64, 72, None, 0), 1, 0),
        (Shares(64, 0, None, 0), 0, None),
    ],
)
def test_how_many_at_once(shares: Shares, eighths: int, at_once: int | None) -> None:
    assert shares.at_once(eighths) == at_once
