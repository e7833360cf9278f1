"""Runs whose every word is hostile, put into a database as if all forms had let them through."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.people.viewer import Role
from portal.runs.states import RunState
from portal.store.tables import DataSet, Run, SchoolClass, Seat, User
from portal.store.tables.base import new_id


@dataclass(frozen=True)
class Ground:
    """What the runs hang on: somebody of a school, a content, a template."""

    school_id: str
    owner_id: str
    sha256: str
    template: str
    minutes: int = 10


def plant(session: Session, ground: Ground, texts: Sequence[Sequence[str]]) -> list[str]:
    """A waiting run for each group of texts; they are its parameters, names and values.

    The first of a group is the name of its data set, its class and its pupil, too.
    """
    now = time.time()
    school = {"school_id": ground.school_id}
    data_sets, pupils, classes, seats, runs = [], [], [], [], []
    for group in texts:
        name = storable(group[0])
        named = {"slug": new_id(), "name_zh": name, "name_en": name}
        data = DataSet(id=new_id(), **named, kind="table", sha256=ground.sha256, **school)
        pupil = User(id=new_id(), login=new_id(), name=name, role=Role.SEAT.value, **school)
        its = SchoolClass(id=new_id(), slug=new_id(), name=name, **school)
        seat = Seat(id=new_id(), class_id=its.id, number=1, user_id=pupil.id, **school)
        run = Run(
            id=new_id(),
            owner_id=ground.owner_id,
            seat_id=seat.id,
            data_set_id=data.id,
            template=ground.template,
            template_version="1",
            parameters={storable(text): storable(text) for text in group},
            language="zh",
            seed=1,
            eighths=1,
            minutes=ground.minutes,
            state=RunState.WAITING.value,
            created_at=now,
            **school,
        )
        data_sets.append(data)
        pupils.append(pupil)
        classes.append(its)
        seats.append(seat)
        runs.append(run)
    for rows in (data_sets, pupils, classes, seats, runs):
        session.add_all(rows)
        session.flush()
    return [run.id for run in runs]


def storable(text: str) -> str:
    """What any database holds of a text: no half of a character, and no NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "␀")
