"""Hostile texts in every place of the scene that keeps a text: the database and the run folders.

Each text is followed by the name of its place in ‹…›, so that a page that shows it can be known by
it. A column of text that is in neither list below is a fault: whoever adds one says what it is.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, String, cast, literal, update
from sqlalchemy.orm import Session

from portal.people import deeds
from portal.people.accounts import load_viewer
from portal.store import EVERYONE
from portal.store.tables import Base, Consent, Erasure, Term
from stage.security.scene import Scene

# What people, jobs and Slurm write in their own words.
FREE = {
    "name",
    "name_zh",
    "name_en",
    "licence",
    "source",
    "slurm_words",
    "slurm_error",
    "actor",
    "thing",
    "address",
    "subject",
    "asked_by",
    "recorded_by",
    "withdrawn_by",
    "error",
}
# Names, states and hashes of the portal's own making; ids and keys are not listed.
OWN = {
    *("slug", "login", "slurm_account", "code", "state", "reason", "kind", "role", "way", "what"),
    *("template", "template_version", "language", "sha256", "password_hash", "pin_hash", "scopes"),
    *("holder", "key", "fingerprint", "account", "qos", "partition", "why"),
    "user.subject",
}
# Members of JSON that name something of the portal's, and are not shown as they are.
KEPT = {
    *("kind", "type", "version", "picture", "verdict", "run", "job", "sha256", "stage", "state"),
    *("reason", "attempt", "plan", "mode"),
}
SPACE = "\u2003"
LONGEST = 90  # of a word that a job wrote; a longer one is not believed
APPEND_ONLY = {"audit"}


def unknown_columns() -> set[str]:
    """Columns of text that nobody has said anything about."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String)
        and not (column.primary_key or column.foreign_keys or column.name.endswith("_id"))
        and not {column.name, f"{table.name}.{column.name}"} & (FREE | OWN)
    }


def poison(scene: Scene, texts: Sequence[str]) -> set[str]:
    """Put the texts everywhere: side by side into columns, one by one into JSON; the places."""
    text = SPACE.join(texts)
    places: set[str] = set()
    with scene.classroom.house.store.begin(EVERYONE) as session:
        _privacy(session, scene.things["school_id"])
        for table in Base.metadata.sorted_tables:
            if table.name not in APPEND_ONLY:
                _table(session, table.name, texts, places)
        staff = load_viewer(session, scene.people["staff"])
        if staff is not None:
            deeds.note(
                session,
                staff,
                "runs.page",
                school_id=scene.things["school_id"],
                thing=f"{text} ‹audit.thing›",
                address=None,
            )
            places.add("audit.thing")
    root = scene.classroom.house.settings.data.root
    for file in sorted(root.glob("runs/*/*/attempt-1/**/*")):
        _file(file, texts, places)
    for file in sorted(root.glob("contents/*/*/preview.json")):
        _file(file, texts, places)
    return places


def _privacy(session: Session, school_id: str) -> None:
    """A term, a consent and a receipt, which the classroom has none of."""
    now = time.time()
    session.add_all(
        [
            Term(school_id=school_id, name="", last_day=datetime.date(2030, 1, 31)),
            Consent(school_id=school_id, version=1, recorded_by="", recorded_at=now),
            Erasure(
                school_id=school_id,
                kind="class",
                subject="",
                why="asked",
                asked_by="",
                asked_at=now,
                state="done",
                done_at=now,
            ),
        ]
    )
    session.flush()


def _table(session: Session, name: str, texts: Sequence[str], places: set[str]) -> None:
    text, table = SPACE.join(texts), Base.metadata.tables[name]
    for column in table.columns:
        place = f"{name}.{column.name}"
        if column.primary_key or column.foreign_keys:
            continue
        if isinstance(column.type, JSON):
            words, keys = _Words(texts, place), list(table.primary_key.columns)
            for row in session.execute(table.select()).mappings().all():
                found = _told(row[column.name], words)
                if found != row[column.name]:
                    same = [key == row[key.name] for key in keys]
                    session.execute(update(table).where(*same).values({column.name: found}))
                    places.add(place)
        elif column.name in FREE and place not in OWN:
            # With the row's own key behind it, for some names may be there only once.
            key = cast(next(iter(table.primary_key.columns)), String)
            session.execute(
                update(table).values({column.name: literal(f"{text} ‹{place}› ") + key})
            )
            places.add(place)


class _Words(dict[str, str]):
    """A text behind each word, the same behind the same: a table's label is one of its columns."""

    def __init__(self, texts: Sequence[str], place: str) -> None:
        super().__init__()
        self._texts = cycle(texts)
        self._place = place

    def __missing__(self, word: str) -> str:
        self[word] = f"{word} {next(self._texts)[:LONGEST]} ‹{self._place}›"
        return self[word]


def _told(value: Any, words: _Words) -> Any:
    """The same JSON with other words."""
    if isinstance(value, str):
        return words[value]
    if isinstance(value, list):
        return [_told(each, words) for each in value]
    if isinstance(value, Mapping):
        return {k: v if k in KEPT else _told(v, words) for k, v in value.items()}
    return value


def _file(file: Path, texts: Sequence[str], places: set[str]) -> None:
    """A file that a job or the worker wrote, with its words changed for as long as it is JSON."""
    if file.name.startswith(".") or file.suffix not in (".json", ".txt") or not file.is_file():
        return
    original = file.with_name(f".{file.name}.original")
    if not original.exists():
        original.write_bytes(file.read_bytes())
    content, place = original.read_text(), file.name
    if file.suffix == ".txt":
        changed = "\n".join([content, *texts, f"‹{place}›", ""])
    elif file.name == "confusion.json":
        labels = [f"{each[:LONGEST]} ‹{place}›" for each in texts]
        rows = [[int(x == y) for x in range(len(labels))] for y in range(len(labels))]
        changed = json.dumps({"labels": labels, "matrix": rows})
    else:
        told = _told(json.loads(content), _Words(texts, place))
        if file.name == "status.json":
            told["artifacts"] = json.loads(content)["artifacts"]
        changed = json.dumps(told)
    if changed != content:
        file.write_text(changed)
        places.add(place)
