"""All of a class or of a school in one archive, with a page that opens without the portal.

The archive is made while it is sent. What is in it is known from the database when it begins; the
files are opened one after the other, and the page, which comes last, names those that were there.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from jinja2 import Environment, Template
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from portal.catalog import Catalog
from portal.catalog.template import Headline
from portal.config import Settings
from portal.datasets.contents import Contents
from portal.datasets.files import FILES
from portal.errors import NotFound
from portal.language import N_, Message, Text
from portal.results.artifacts import Bounded
from portal.results.confinement import folder_below, open_file
from portal.results.folder import Point, RunFolder
from portal.results.takehome import Member, members_of, zipped
from portal.runs.states import FINAL, RunState
from portal.store.tables import DataSet, Lesson, Run, SchoolClass, Seat

INDEX = "index.html"
# Named on the page; the pictures of guesses are in the folder beside.
SHOWN: dict[str, Message] = {
    "model.onnx": N_("Model (ONNX)"),
    "report.html": N_("Report"),
    "metrics.jsonl": N_("Curve in numbers"),
    "log.txt": N_("What the program wrote"),
}
CURVE_POINTS = 60


@dataclass(frozen=True)
class _Link:
    name: str
    path: str


@dataclass(frozen=True)
class _Data:
    name: str
    folder: str
    sha256: str
    kind: str
    files: list[_Link] = field(default_factory=list)


@dataclass(frozen=True)
class _Run:
    id: str
    attempt: int
    folder: str
    seat: str
    state: str
    score: str
    headline: str | None
    files: list[_Link] = field(default_factory=list)
    curve: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Lesson:
    title: str
    runs: list[_Run] = field(default_factory=list)


@dataclass(frozen=True)
class Parcel:
    """What goes into an archive, in the reader's language."""

    title: str
    language: str
    day: str
    data: list[_Data]
    lessons: list[_Lesson]


def pack(
    session: Session,
    settings: Settings,
    catalog: Catalog,
    classes: list[SchoolClass],
    title: str,
    language: str,
    now: float,
) -> Parcel:
    """Everything that is kept of these classes, which are of one school."""
    zone = ZoneInfo(settings.portal.timezone)
    ids = [each.id for each in classes]
    runs = session.scalars(
        select(Run)
        .outerjoin(Lesson, Lesson.id == Run.lesson_id)
        .outerjoin(Seat, Seat.id == Run.seat_id)
        .where(or_(Lesson.class_id.in_(ids), Seat.class_id.in_(ids)), Run.state.in_(FINAL))
        .options(
            joinedload(Run.lesson).joinedload(Lesson.school_class),
            joinedload(Run.seat),
            joinedload(Run.data_set).lazyload(DataSet.content),
        )
        .order_by(Lesson.starts_at, Lesson.id, Seat.number, Run.created_at, Run.id)
    ).all()
    used = {run.data_set.id: run.data_set for run in runs}
    own = select(DataSet).where(DataSet.class_id.in_(ids)).options(joinedload(DataSet.content))
    used |= {each.id: each for each in session.scalars(own)}
    lessons: dict[str, _Lesson] = {}
    for run in runs:
        if (run.lesson_id or "") not in lessons:
            lessons[run.lesson_id or ""] = _Lesson(_title(run, catalog, language, zone))
        lessons[run.lesson_id or ""].runs.append(_run(run, catalog, language, len(lessons)))
    return Parcel(
        title,
        language,
        datetime.fromtimestamp(now, zone).date().isoformat(),
        [_data(each, language) for each in sorted(used.values(), key=lambda d: (d.slug, d.id))],
        list(lessons.values()),
    )


def archive(root: Path, parcel: Parcel) -> Iterator[bytes]:
    """The bytes of the archive."""
    return zipped(_members(root, parcel))


def _members(root: Path, parcel: Parcel) -> Iterator[Member]:
    for data in parcel.data:
        for place, file, size in _contents(root, data):
            data.files.append(_Link(place.name, str(place)))
            yield place, file, size
    for lesson in parcel.lessons:
        for run in lesson.runs:
            folder = RunFolder(root, run.id)
            for place, file, size in members_of(run.folder, folder, run.attempt):
                if place.name in SHOWN:
                    name = SHOWN[place.name].in_language(parcel.language)
                    run.files.append(_Link(name, str(place)))
                yield place, file, size
            points, _ = folder.metrics(run.attempt)
            run.curve.extend(_curve(points, run.headline))
    page = _page(parcel)
    yield PurePosixPath(INDEX), io.BytesIO(page), len(page)


def _contents(root: Path, data: _Data) -> Iterator[Member]:
    parts = Contents(root).relative(data.sha256).split("/")
    for name in sorted(FILES[data.kind]):
        try:
            with folder_below(str(root), parts) as folder:
                handle = open_file(folder, name)
        except OSError:
            continue  # gone meanwhile: the page does not name it
        size = os.fstat(handle).st_size
        yield PurePosixPath(data.folder, name), Bounded(handle, size), size


def _title(run: Run, catalog: Catalog, language: str, zone: ZoneInfo) -> str:
    template = _template_title(run, catalog, language)
    if run.lesson is None:
        return N_("Homework and single trainings").in_language(language)
    day = datetime.fromtimestamp(run.lesson.starts_at, zone).strftime("%Y-%m-%d %H:%M")
    return f"{day} · {run.lesson.school_class.name} · {template}"


def _template_title(run: Run, catalog: Catalog, language: str) -> str:
    try:
        return catalog.get(run.template).title.in_language(language)
    except NotFound:
        return run.template


def _run(run: Run, catalog: Catalog, language: str, lesson: int) -> _Run:
    seat = f"{run.seat.number:02}" if run.seat is not None else "–"
    name = f"seat-{run.seat.number:02}" if run.seat is not None else "teacher"
    try:
        headline: Headline | None = catalog.get(run.template).headline
    except NotFound:
        headline = None
    return _Run(
        run.id,
        run.attempt,
        f"lessons/{lesson:03}/{name}-{run.id[:8]}",
        seat,
        RunState(run.state).label.in_language(language),
        _score(run, headline),
        headline.metric if headline is not None else None,
    )


def _score(run: Run, headline: Headline | None) -> str:
    value = (run.metrics or {}).get(headline.metric) if headline is not None else None
    if not isinstance(value, int | float):
        return "–"
    return f"{value:.1%}" if headline is not None and headline.percent else f"{value:.4g}"


def _data(data: DataSet, language: str) -> _Data:
    name = Text(zh=data.name_zh, en=data.name_en).in_language(language)
    return _Data(name, f"data/{data.id[:8]}", data.sha256, data.kind)


def _curve(points: list[Point], headline: str | None) -> list[str]:
    """Points of a polyline in a box of 100 by 25, of the series that counts."""
    values = [point[headline] for point in points if headline is not None and headline in point]
    if len(values) < 2:
        return []
    values = values[:: max(1, len(values) // CURVE_POINTS)]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = 100 / max(1, len(values) - 1)
    return [f"{n * step:.1f},{24 - 23 * (v - low) / span:.1f}" for n, v in enumerate(values)]


WORDS: dict[str, Message] = {
    "data": N_("Data sets"),
    "seat": N_("Seat"),
    "state": N_("State"),
    "score": N_("Score"),
    "curve": N_("How it learnt"),
    "files": N_("Files"),
    "none": N_("There was no training."),
}


def _page(parcel: Parcel) -> bytes:
    words = {name: message.in_language(parcel.language) for name, message in WORDS.items()}
    made = N_("As of {day}. This page needs no network and no portal.", day=parcel.day)
    page = _template().render(
        title=parcel.title,
        language=parcel.language,
        words={**words, "made": made.in_language(parcel.language)},
        data=parcel.data,
        lessons=parcel.lessons,
    )
    return page.encode()


@cache
def _template() -> Template:
    source = (files("portal.privacy") / INDEX).read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)
