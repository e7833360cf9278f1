"""One archive for a class: made while it is sent, and of nobody else's."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from zipfile import ZipFile

from portal.datasets.contents import Contents
from portal.people.classes import get_class
from portal.people.viewer import Viewer
from portal.privacy.takehome import Parcel, archive, pack
from portal.runs.states import RunState
from portal.store.tables import Run
from tests.town import Town

TABLE = "aa" * 32


def packed(town: Town, viewer: Viewer, which: str = "7-2") -> Parcel:
    house = town.portal
    with house.store.reading(viewer.tenant) as session:
        found = [get_class(session, viewer, which)]
        return pack(session, house.settings, house.catalog, found, "7(2)", "en", time.time())


def trained(town: Town) -> list[Run]:
    lesson = town.launch()
    town.launch(town.there)
    runs = town.runs(lesson_id=lesson.id)
    for run in runs:
        town.write(run, "log.txt", f"log of {run.id}")
        town.set(run, state=RunState.SUCCEEDED.value, metrics={"accuracy": 0.5})
    return runs


def content(town: Town) -> Path:
    folder = Contents(town.portal.settings.data.root).folder(TABLE)
    folder.mkdir(parents=True)
    for name in ("data.csv", "manifest.json", "preview.json"):
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def unpacked(root: Path, parcel: Parcel) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(b"".join(archive(root, parcel)))) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_a_class_and_nothing_of_another_school(town: Town) -> None:
    root, runs = town.portal.settings.data.root, trained(town)
    content(town)
    files = unpacked(root, packed(town, town.here.teacher))
    logs = {name: text for name, text in files.items() if name.endswith("log.txt")}
    assert {text.decode() for text in logs.values()} == {f"log of {run.id}" for run in runs}
    assert [name.split("/")[2][:7] for name in sorted(logs)] == [f"seat-0{n}" for n in range(1, 5)]
    assert sum(name.startswith("data/") for name in files) == 3
    page = files["index.html"].decode()
    assert page.count("50.0%") == 4


def test_it_is_made_while_it_is_sent_and_leads_nowhere_else(town: Town) -> None:
    root, runs = town.portal.settings.data.root, trained(town)
    folder = content(town)
    (folder / "data.csv").write_bytes(os.urandom(1 << 20))
    parcel = packed(town, town.here.teacher)
    stream = archive(root, parcel)
    first = sum(len(next(stream)) for _ in range(3))
    assert 0 < first < 1 << 20
    # What is swapped for a link meanwhile is not followed.
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to("/etc/passwd")
    log = root / "runs" / runs[0].id[:2] / runs[0].id / "attempt-1" / "log.txt"
    log.unlink()
    log.symlink_to("/etc/passwd")
    rest = b"".join(stream)
    assert b"root:" not in rest
    assert not any(b"root:" in text for text in unpacked(root, parcel).values())
