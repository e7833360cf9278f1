"""The seat map: one frozen picture of a lesson, made once a second for all who look on."""

from __future__ import annotations

import hashlib
import marshal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.language import N_, Message, Text
from portal.lessons.queue import because
from portal.lessons.shares import shares_of
from portal.lessons.tiles import EMPTY, Line, Tile, line_of, tiles_of
from portal.runs.house import House
from portal.runs.states import LIVE, RunState
from portal.store.tables import DataSet, Lease, Lesson, SchoolClass

AGENT = "agent"
# A silence of Slurm, or of the agent who asks it, that nobody needs to be told of.
HICCUP_S = 10.0
# What moves with the clock alone is no news: a browser counts it on by itself.
CLOCK = frozenset({"version", "taken_at", "slurm_age_s"})


@dataclass(frozen=True, kw_only=True)
class SeatMap:
    """A lesson at one moment. `version` changes when something to read changed, not with time.

    `slurm_silent_since` is when Slurm last answered, where it is waited for and does not answer.
    """

    lesson_id: str
    state: str
    class_name: str
    template: str
    title: Text
    data_name: Text
    starts_at: float
    ends_at: float
    taken_at: float
    curve: str | None
    headline_label: Text
    headline_percent: bool
    tiles: tuple[Tile, ...]
    counts: Mapping[str, int]
    total: int
    live: int
    failed: int
    waiting_because: Message | None
    slurm_age_s: float | None
    slurm_silent_since: float | None
    version: str = ""


def snapshot(
    session: Session, house: House, lesson_id: str, *, now: float | None = None
) -> SeatMap:
    """What the class page shows of a lesson that the viewer may see. Asks Slurm nothing.

    `now` is UTC seconds. The same rows, folders and time give the same answer. Raises `NotFound`
    for a lesson that is not there.
    """
    now = time.time() if now is None else now
    lesson = session.execute(_LESSON, {"lesson_id": lesson_id}).one_or_none()
    if lesson is None:
        raise NotFound(N_("This lesson is no longer there."))
    shown = _shown(house, lesson.template)
    class_id, root = lesson.class_id, house.settings.data.root
    tiles = tiles_of(
        session, root, class_id=class_id, lesson_id=lesson.id, line=shown.line, now=now
    )
    states = Counter(tile.state for tile in tiles)
    live = sum(states[state] for state in LIVE)
    answered, until = lesson.slurm_answered_at, lesson.until
    age = None if answered is None else max(0.0, now - answered)
    # An old answer alone is no silence: the agent asks nothing while nothing is alive.
    unheard = lesson.slurm_error is not None or (until is not None and until < now)
    silent = unheard and (age or 0.0) > HICCUP_S
    reason = None
    if states[RunState.WAITING] or states[RunState.SUBMITTED]:
        reason = because(tiles, shares_of(session, lesson.school_id), age, now)
    seat_map = SeatMap(
        lesson_id=lesson.id,
        state=lesson.state,
        class_name=lesson.class_name,
        template=lesson.template,
        title=shown.title,
        data_name=Text(zh=lesson.name_zh, en=lesson.name_en),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        taken_at=now,
        curve=shown.line.series,
        headline_label=shown.label,
        headline_percent=shown.percent,
        tiles=tiles,
        counts={state: states[state] for state in (*RunState, EMPTY)},
        total=len(tiles) - states[EMPTY],
        live=live,
        failed=states[RunState.FAILED] + states[RunState.LOST],
        waiting_because=reason,
        slurm_age_s=age,
        slurm_silent_since=answered if live and silent else None,
    )
    return replace(seat_map, version=_version(seat_map))


def as_json(seat_map: SeatMap, language: str) -> dict[str, Any]:
    """The map as plain data, its sentences in the reader's language."""
    return {
        **head_as_json(seat_map, language),
        "tiles": [_tile(tile, language) for tile in seat_map.tiles],
    }


def head_as_json(seat_map: SeatMap, language: str) -> dict[str, Any]:
    """The map without its tiles."""
    return {name: _plain(getattr(seat_map, name), language) for name in PLAIN}


def _version(seat_map: SeatMap) -> str:
    """Twelve hexadecimal digits of everything but the clock, alike in every process."""
    seen = {name: getattr(seat_map, name) for name in PLAIN if name not in CLOCK}
    looks = [tile.look for tile in seat_map.tiles]
    # A thousand figures of curves a second and class: marshal writes them as they are, without
    # making text of them. Version 2 of its format knows no references, so equal is written equally.
    plain = {name: _plain(value, "en") for name, value in seen.items()}
    return hashlib.sha256(marshal.dumps([plain, looks], 2)).hexdigest()[:12]


def _tile(tile: Tile, language: str) -> dict[str, Any]:
    plain = {name: getattr(tile, name) for name in TILE}
    plain["label"] = tile.label.in_language(language)
    plain["reason"] = _plain(tile.reason, language)
    plain["spark"] = list(tile.spark)
    return plain


def _plain(value: Any, language: str) -> Any:
    if isinstance(value, Message | Text):
        return value.in_language(language)
    return {str(key): n for key, n in value.items()} if isinstance(value, Mapping) else value


PLAIN = tuple(field.name for field in fields(SeatMap) if field.name != "tiles")
TILE = tuple(field.name for field in fields(Tile))


@dataclass(frozen=True)
class _Shown:
    """What the template says about its own runs; bare where the template is gone since."""

    title: Text
    label: Text
    percent: bool
    line: Line


def _shown(house: House, name: str) -> _Shown:
    try:
        template = house.catalog.get(name)
    except NotFound:
        title = Text(zh=name, en=name)
        return _Shown(title, Text(zh="", en=""), percent=False, line=Line(None, ""))
    headline = template.headline
    return _Shown(template.title, headline.label, headline.percent, line_of(template))


# One statement for all that a map says of its lesson, and how long ago the agent heard of Slurm.
_LESSON = (
    select(
        Lesson.id,
        Lesson.class_id,
        Lesson.school_id,
        Lesson.template,
        Lesson.state,
        Lesson.starts_at,
        Lesson.ends_at,
        SchoolClass.name.label("class_name"),
        DataSet.name_zh,
        DataSet.name_en,
        Lease.slurm_answered_at,
        Lease.slurm_error,
        Lease.until,
    )
    .join(SchoolClass, SchoolClass.id == Lesson.class_id)
    .join(DataSet, DataSet.id == Lesson.data_set_id)
    .outerjoin(Lease, Lease.name == AGENT)
    .where(Lesson.id == bindparam("lesson_id"))
)
