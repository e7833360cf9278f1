"""Data sets in the database: put, find, get, remove. The session's tenant decides what is seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.datasets.manifest import Manifest
from portal.datasets.shown import NOBODY, Shown
from portal.datasets.viewer import Viewer
from portal.errors import Conflict, NotAllowed, NotFound
from portal.language import N_, Text
from portal.store.tables import Content, DataSet, Lesson, Run

SLUG_CHARACTERS = 60
SLUG_TRIES = 5


@dataclass(frozen=True)
class Entry:
    """Who a content will belong to, and under which name; no school means the centre."""

    owner_id: str | None
    school_id: str | None
    name: Text
    licence: str | None = None
    source: str | None = None
    slug: str | None = None
    shown: Shown = NOBODY


def put(session: Session, entry: Entry, sha256: str, size: int, manifest: Manifest) -> DataSet:
    """The data set for a content: the one that is there already, or a new one."""
    content = _put_content(session, sha256, size, manifest)
    found = session.scalars(select(DataSet).where(*_same(entry, sha256))).first()
    if found is not None:
        return found
    for _ in range(SLUG_TRIES):
        made = DataSet(
            owner_id=entry.owner_id,
            school_id=entry.school_id,
            slug=entry.slug or _free_slug(session, entry),
            name_zh=entry.name.zh,
            name_en=entry.name.en,
            kind=manifest.kind,
            content=content,
            licence=entry.licence,
            source=entry.source,
            personal=entry.shown.people,
            class_id=entry.shown.class_id,
        )
        try:
            with session.begin_nested():
                session.add(made)
        except IntegrityError:  # somebody took the slug just now
            continue
        return made
    raise Conflict(N_("Another data set was given this name just now. Please try again."))


def _same(entry: Entry, sha256: str) -> tuple[ColumnElement[bool], ...]:
    """What makes a data set the one that is meant: its slug, if that was given, or its content."""
    if entry.slug is not None:
        return (DataSet.school_id == entry.school_id, DataSet.slug == entry.slug)
    return (
        DataSet.school_id == entry.school_id,
        DataSet.sha256 == sha256,
        DataSet.owner_id == entry.owner_id,
        DataSet.name_zh == entry.name.zh,
        DataSet.personal == entry.shown.people,
        DataSet.class_id == entry.shown.class_id,
    )


def _put_content(session: Session, sha256: str, size: int, manifest: Manifest) -> Content:
    found = session.get(Content, sha256)
    if found is not None:
        return found
    content = Content(sha256=sha256, kind=manifest.kind, size=size, manifest=manifest.plain())
    try:
        with session.begin_nested():
            session.add(content)
    except IntegrityError:  # somebody uploaded the same file just now
        return session.get_one(Content, sha256)
    return content


def slug_of(name: str) -> str:
    """A name as it is typed in commands and addresses: letters of any script, digits, dashes."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:SLUG_CHARACTERS].strip("-") or "data-set"


def _free_slug(session: Session, entry: Entry) -> str:
    slug = slug_of(entry.name.en)
    # Staff see every school's, and the slugs of other schools are nothing to this one.
    near = or_(DataSet.school_id == entry.school_id, DataSet.school_id.is_(None))
    like = select(DataSet.slug).where(near, DataSet.slug.startswith(slug, autoescape=True))
    taken = set(session.scalars(like))
    number = 1
    free = slug
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    return free


def find(
    session: Session, viewer: Viewer, kind: str | None = None, query: str | None = None
) -> list[DataSet]:
    """What `viewer` may use, the own school's newest first, then the centre's by name."""
    statement = _shown_to(viewer, select(DataSet))
    if kind is not None:
        statement = statement.where(DataSet.kind == kind)
    if query and query.strip():
        statement = statement.where(
            or_(
                *(
                    column.icontains(query.strip(), autoescape=True)
                    for column in (DataSet.name_zh, DataSet.name_en, DataSet.slug)
                )
            )
        )
    newest = session.scalars(statement.order_by(DataSet.created_at.desc())).all()
    own = [item for item in newest if item.school_id is not None]
    centres = sorted((i for i in newest if i.school_id is None), key=lambda i: i.slug)
    return centres + own if viewer.role == "staff" else own + centres


def get(session: Session, viewer: Viewer, id_or_name: str) -> DataSet:
    """By id, slug or name; the own before the centre's. Raises `NotFound`."""
    names = (DataSet.id, DataSet.slug, DataSet.name_zh, DataSet.name_en)
    statement = _shown_to(viewer, select(DataSet))
    statement = statement.where(or_(*(name == id_or_name for name in names)))
    newest = session.scalars(statement.order_by(DataSet.created_at.desc())).all()
    if not newest:
        raise NotFound(N_("There is no data set “{name}”.", name=id_or_name[:SLUG_CHARACTERS]))
    return _nearest(newest, viewer, id_or_name)


def _shown_to(viewer: Viewer, wanted: Select[DataSet]) -> Select[DataSet]:
    """Who is to be seen in a data set is seen by pupils in the lessons of their class alone."""
    return wanted.where(~DataSet.personal) if viewer.role == "seat" else wanted


def _nearest(found: Sequence[DataSet], viewer: Viewer, wanted: str) -> DataSet:
    return min(
        found,
        key=lambda i: (i.id != wanted, i.school_id != viewer.school_id, i.slug != wanted),
    )


def may_remove(viewer: Viewer, data_set: DataSet) -> bool:
    """The owner may, the school's admin, and staff."""
    if viewer.role == "staff":
        return True
    if data_set.school_id is None or data_set.school_id != viewer.school_id:
        return False
    return viewer.role == "school_admin" or data_set.owner_id == viewer.user_id


def remove(session: Session, viewer: Viewer, data_set: DataSet) -> None:
    """Delete a data set; its content goes when nothing else uses it, by the next sweep.

    Raises `NotAllowed`, and `Conflict` while runs or lessons were made with it.
    """
    if not may_remove(viewer, data_set):
        raise NotAllowed(N_("Only its owner can remove this data set."))
    runs = select(func.count()).select_from(Run).where(Run.data_set_id == data_set.id)
    lessons = select(func.count()).select_from(Lesson).where(Lesson.data_set_id == data_set.id)
    used = session.scalar(runs) or 0, session.scalar(lessons) or 0
    if any(used):
        raise Conflict(
            N_(
                "This data set stays, for it is in use (runs: {runs}, lessons: {lessons}).",
                runs=used[0],
                lessons=used[1],
            )
        )
    session.delete(data_set)
    session.flush()
