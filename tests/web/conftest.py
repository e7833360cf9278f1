"""One classroom for all tests of the pages: it takes seconds to build, and they only look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.classroom import Classroom, build


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    made = build(tmp_path_factory.mktemp("classroom"))
    yield made
    made.house.store.close()
