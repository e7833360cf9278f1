"""What schools have used, summed as they ask for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.errors import NotAllowed
from portal.people.viewer import Viewer
from portal.runs.usage import Used, summed, total, usage, years
from portal.store import EVERYONE
from portal.store.tables import Usage
from tests.town import Hamlet, Town

ZONE = ZoneInfo("Asia/Shanghai")


def at(year: int, month: int, day: int, hour: int = 12) -> float:
    return datetime(year, month, day, hour, tzinfo=ZONE).timestamp()


def spend(town: Town, hamlet: Hamlet, started_at: float, **values: Any) -> None:
    row = {"class_id": hamlet.class_id, "template": "counting", "eighths": 2, "seconds": 1800.0}
    with town.portal.store.begin(EVERYONE) as session:
        task = session.query(Usage).count()
        session.add(
            Usage(
                job_id=7,
                task=task,
                started_at=started_at,
                school_id=hamlet.school.id,
                **{**row, **values},
            )
        )


def asked(town: Town, viewer: Viewer, year: int = 2026, **more: Any) -> list[Used]:
    with town.portal.store.reading(viewer.tenant) as session:
        return usage(session, viewer, year, ZONE, **more)


def test_an_eighth_for_an_hour_is_one_share_hour(town: Town) -> None:
    for _ in range(3):
        spend(town, town.here, at(2026, 3, 4))
    spend(town, town.here, at(2026, 3, 5), template="other", class_id=None, eighths=8)
    first, second = sorted(asked(town, town.here.teacher), key=lambda used: used.runs)
    assert (second.month, second.template, second.runs, second.share_hours) == (3, "counting", 3, 3)
    assert (first.school_class, first.template, first.share_hours) == (None, "other", 4)


def test_a_month_begins_at_the_sites_midnight(town: Town) -> None:
    spend(town, town.here, at(2026, 1, 1, hour=0))
    spend(town, town.here, at(2026, 1, 1, hour=0) - 1)
    assert [used.month for used in asked(town, town.here.teacher)] == [1]
    assert [used.month for used in asked(town, town.here.teacher, 2025)] == [12]
    with town.portal.store.reading(EVERYONE) as session:
        assert years(session, ZONE, at(2026, 11, 22)) == [2026, 2025]


def test_a_school_sees_its_own_and_staff_all(town: Town) -> None:
    spend(town, town.here, at(2026, 3, 4))
    spend(town, town.there, at(2026, 3, 4), eighths=4)
    own, all_of_it = asked(town, town.here.admin), asked(town, town.staff)
    assert [used.school for used in own] == [town.here.school.name]
    assert summed(all_of_it, lambda used: used.school).keys() == {
        town.here.school.name,
        town.there.school.name,
    }
    assert total(all_of_it).share_hours == 3
    only = asked(town, town.staff, school_id=town.there.school.id, months=[3, 4])
    assert [used.share_hours for used in only] == [2]


def test_a_seat_asks_in_vain(town: Town) -> None:
    with pytest.raises(NotAllowed):
        asked(town, town.here.seats[0])
