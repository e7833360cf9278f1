"""Schools with a teacher who has a password, and a class of so many seats each.

Reads `{"accounts": [names of Slurm accounts, one a school], "seats": 40, "password": "…"}` from
stdin and prints the teachers' logins. Made by the portal's own rooms.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from portal.config import load
from portal.people import accounts
from portal.people.schools import add_school
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.tables import SchoolClass, Seat, User

CLASS = "7-2"


def main() -> None:
    wanted = json.load(sys.stdin)
    store = Store(load(Path(os.environ["KESUAN_SETTINGS"])).database)
    logins = []
    for account in wanted["accounts"]:
        with store.begin(EVERYONE) as session:
            school = add_school(session, slug=account, name=account, slurm_account=account)
            teacher = accounts.add(
                session,
                login=f"{account}-t",
                name=account,
                role=Role.TEACHER,
                school_id=school.id,
                password=wanted["password"],
            )
            logins.append(teacher.login)
            made = SchoolClass(school_id=school.id, slug=CLASS, name="七年级 2 班")
            session.add(made)
            session.flush()
            for number in range(1, wanted["seats"] + 1):
                login = f"{account}-{number:02}"
                # Nobody sits down: 3,600 slow hashes of passwords would be minutes.
                user = User(school_id=school.id, login=login, name=login, role=Role.SEAT.value)
                session.add(Seat(school_id=school.id, class_id=made.id, number=number, user=user))
    store.close()
    json.dump(logins, sys.stdout)


if __name__ == "__main__":
    main()
