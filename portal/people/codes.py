"""Class codes: six letters and digits on the projector, by which a class comes in.

A code is nobody's secret: it says which class, and it works only while that class is open.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.passwords import LETTERS
from portal.store.tables import Base, Lesson, SchoolClass

LENGTH = 6
# Pupils may look at what came of their training before they are sent home.
AFTER_THE_BELL_S = 300.0
_CLASSES = Base.metadata.tables[SchoolClass.__tablename__]
_BETWEEN = re.compile(r"[\s·・._-]+")


def read(typed: str) -> str:
    """What a child meant: without spaces and hyphens, and with the letters of no input method."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)).lower()


def shown(code: str) -> str:
    """A code as it is easiest to read out: `K7M 2PX`."""
    half = LENGTH // 2
    return f"{code[:half]} {code[half:]}".upper()


def give(session: Session, school_class: SchoolClass) -> str:
    """Give the class a new code; nobody comes in by the one before."""
    code = _free_code(session)
    school_class.code = code
    session.flush()
    return code


def of(session: Session, school_class: SchoolClass) -> str:
    """The code of a class; one that was added before there were codes is given its first."""
    return school_class.code or give(session, school_class)


def is_open(session: Session, school_class: SchoolClass, now: float, after_s: float = 0.0) -> bool:
    """Whether the class has homework, or a lesson that is on or ended less than `after_s` ago.

    A bell that is rung early moves the end of the lesson to that moment.
    """
    if school_class.homework:
        return True
    on = select(Lesson.id).where(
        Lesson.class_id == school_class.id, Lesson.starts_at <= now, Lesson.ends_at > now - after_s
    )
    return session.scalar(on.limit(1)) is not None


def _free_code(session: Session) -> str:
    """One that no class of the whole portal has.

    Asked of the table itself, because a school's session sees only its own classes. Two classes
    that draw the same code in the same moment would be stopped by the database's index; there are
    900 million codes.
    """
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        if session.scalar(select(_CLASSES.c.id).where(_CLASSES.c.code == code)) is None:
            return code
