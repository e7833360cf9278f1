"""Which tests go together when several processes share the run: ./scripts/test starts four.

Most of the time the tests of a real Slurm wait for it, so the worlds stand beside each other and
the other tests run meanwhile. All tests of one world run in one process, one after the other: a
world is started once, and nobody stops a controller that others are using. Every process has names
of its own for what it starts (``tests.conftest.NAME``), so a file that is missing here only costs
the time of one more cluster.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# By the beginning of a test's name; the worlds that take longest begin first. A file that is in no
# world is one by itself.
WORLDS = {
    "tests/lesson/test_in_browser": "a school day with forty trainings",
    "tests/lesson/test_screenshots": "a school day with forty trainings",
    "tests/lesson/test_bad_input": "a school day with forty trainings",
    "tests/lesson/": "a school day that is disturbed",
    "tests/scheduler/test_live": "a controller to be killed",
    "tests/scheduler/test_pyslurm_live": "a controller to be killed",
    "tests/scheduler/test_rest_live": "a controller to be killed",
    "tests/job_templates/test_programs": "real trainings without Slurm",
    "tests/doctor/test_canary": "a cluster and its site",
    "tests/doctor/test_on_the_way": "a cluster and its site",
    "tests/stage/test_cluster": "a cluster and its site",
    "tests/stage/test_site": "a cluster and its site",
    "tests/slurm_conf/": "a centre's own Slurm",
}


class ByWorld(LoadFileScheduling):
    """Gives a free process the next world as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return world(nodeid) or super()._split_scope(nodeid)


def world(nodeid: str) -> str | None:
    """The world that a test lives in, or None."""
    return next((name for start, name in WORLDS.items() if nodeid.startswith(start)), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWorld:
    return ByWorld(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Worlds first and longest first, because the last of them decides when the run ends."""
    order = list(dict.fromkeys(WORLDS.values()))
    items.sort(key=lambda item: order.index(name) if (name := world(item.nodeid)) else len(order))
