"""The PostgreSQL that the store's tests run on."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text


@pytest.mark.postgres
def test_it_is_a_real_one(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("select current_user")).scalar_one() == "kesuan"
        version = connection.execute(text("show server_version")).scalar_one()
        assert int(version.partition(".")[0]) >= 13
    engine.dispose()
