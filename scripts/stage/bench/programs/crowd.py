"""Schools, pupils with tokens and open lessons for a burst, made by the portal's own rooms.

Reads from stdin `{"accounts": [names of Slurm accounts, one a school], "seats": 40}` and prints for
each pupil `{"school", "token", "template"}`. Each class of forty is in two groups with a lesson
each, of which one trains on pictures and the other on a table. No pupil has a password here: to
hash 3,600 of them slowly, as it should be, would take minutes and is not what is measured.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import catalog
from portal.catalog import Catalog
from portal.config import load
from portal.people import tokens
from portal.people.schools import add_school
from portal.people.viewer import Role, Viewer
from portal.store import EVERYONE, Store
from portal.store.tables import DataSet, Lesson, School, SchoolClass, Seat, User

# Of each class the pupils with odd numbers train the first, the others the second.
TRAINED = (("image-classifier", "fashion-mnist-1000"), ("tabular-classifier", "penguins"))
LESSON_S = 4 * 3600


def main() -> None:
    wanted = json.load(sys.stdin)
    settings = load(Path(os.environ["KESUAN_SETTINGS"]))
    store, templates = Store(settings.database), Catalog(settings.templates.folders)
    pupils: list[dict[str, Any]] = []
    for account in wanted["accounts"]:
        with store.begin(EVERYONE) as session:
            school = add_school(session, slug=account, name=account, slurm_account=account)
            teacher = _user(school, "teacher", Role.TEACHER)
            session.add(teacher)
            session.flush()
            for number, (template, slug) in enumerate(TRAINED):
                lesson = _lesson(session, templates, school, teacher, number, template, slug)
                for seat in range(number + 1, wanted["seats"] + 1, len(TRAINED)):
                    token = _pupil(session, school, lesson.class_id, seat)
                    pupils.append({"school": account, "token": token, "template": template})
    store.close()
    json.dump(pupils, sys.stdout)


def _lesson(
    session: Session,
    templates: Catalog,
    school: School,
    teacher: User,
    number: int,
    template: str,
    slug: str,
) -> Lesson:
    """A group of the class in an open lesson, in which nobody has pressed Train yet."""
    group = SchoolClass(school_id=school.id, slug=f"7-{number + 1}", name=f"7-{number + 1}")
    data = session.scalars(select(DataSet).where(DataSet.slug == slug)).one()
    session.add(group)
    session.flush()
    chosen = templates.get(template)
    now = time.time()
    lesson = Lesson(
        school_id=school.id,
        class_id=group.id,
        owner_id=teacher.id,
        template=template,
        data_set_id=data.id,
        eighths=chosen.resources.default_share,
        parameters=catalog.parameters(chosen, data.content.manifest, Role.TEACHER.value, {}),
        state="open",
        starts_at=now,
        ends_at=now + LESSON_S,
    )
    session.add(lesson)
    session.flush()
    return lesson


def _pupil(session: Session, school: School, class_id: str, number: int) -> str:
    user = _user(school, f"{number:02}", Role.SEAT)
    seat = Seat(school_id=school.id, class_id=class_id, number=number, user=user)
    session.add(seat)
    session.flush()
    viewer = Viewer(
        user_id=user.id, login=user.login, name=user.name, role=Role.SEAT, school_id=school.id
    )
    return tokens.issue(session, viewer, tokens.Wish("bench", 1))[1]


def _user(school: School, name: str, role: Role) -> User:
    login = f"{school.slug}-{name}"
    return User(school_id=school.id, login=login, name=login, role=role.value)


if __name__ == "__main__":
    main()
