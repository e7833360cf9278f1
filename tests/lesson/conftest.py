"""One school day for all tests of whole lessons: a real Slurm, a real web, a real agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from stage import school, services

from tests.lesson import day as school_day
from tests.lesson.day import Day

if TYPE_CHECKING:
    from tests.conftest import Cluster


@pytest.fixture(scope="session")
def _day(cluster: Cluster) -> Iterator[Day]:
    today = school_day.begin(cluster.plan)
    yield today
    school_day.end(today)


@pytest.fixture
def day(_day: Day, cluster: Cluster) -> Day:
    """The day as the next lesson finds it: everything runs, and nobody trains."""
    cluster.account(school.SLURM_ACCOUNT, 48)
    services.start(_day.site)
    school.end_open_lessons(_day.teacher)
    return _day
