from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal import config
from portal.datasets.contents import Contents
from portal.datasets.reception import Taken, take_in
from portal.errors import Invalid
from portal.store import Store
from portal.store.database import create_all

# The rooms read two sections of the settings; the others are not made up here.
House = SimpleNamespace


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Settings with a data root of their own and small limits."""
    data = config.Data(
        root=tmp_path / "root",
        upload_mb=8,
        unpacked_mb=256,
        table_rows=1_000,
        table_columns=20,
        pictures=300,
        check_seconds=20,
    )
    return House(data=data, environments={})


@pytest.fixture
def contents(house: House) -> Contents:
    return Contents(house.data.root)


@dataclass
class Reception:
    """Hands files to the real reception, with the real worker behind it."""

    house: House

    def take(self, content: bytes | str, label: str | None = None) -> Taken:
        raw = content.encode() if isinstance(content, str) else content
        return take_in(self.house, io.BytesIO(raw), label=label)

    def faults(self, content: bytes | str, label: str | None = None) -> dict[str, list[str]]:
        """What the person reads, by field, where the file is refused."""
        with pytest.raises(Invalid) as refused:
            self.take(content, label)
        return {k: [str(m) for m in ms] for k, ms in refused.value.errors.items()}

    def fault(self, content: bytes | str, label: str | None = None) -> str:
        """The one sentence about the file."""
        faults = self.faults(content, label)
        assert list(faults) == ["file"]
        assert len(faults["file"]) == 1
        return faults["file"][0]


@pytest.fixture
def reception(house: House, contents: Contents) -> Iterator[Reception]:
    """Whatever happens, nothing half done may stay on the disk."""
    yield Reception(house)
    left = list((house.data.root / "contents" / ".incoming").glob("*"))
    assert left == []
    for sha256, _ in contents.all():
        assert contents.manifest(sha256).bytes > 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Store(config.Database(url=f"sqlite:///{tmp_path / 'kesuan.db'}"))
    create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def rows_of(contents: Contents) -> Callable[[Taken], list[str]]:
    """The lines of the table that was kept."""

    def read(taken: Taken) -> list[str]:
        text = (contents.folder(taken.sha256) / "data.csv").read_text(encoding="utf-8")
        return text.splitlines()

    return read
