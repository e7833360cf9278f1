"""A portal in the middle of a lesson, and a second school in it, whose people come by.

The classroom is the one that the tests of the pages look at (`tests.web.classroom`).
"""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.datasets import reception
from portal.people import accounts
from portal.people.classes import add_class
from portal.people.viewer import Role
from portal.store import EVERYONE
from portal.store.tables import Erasure, Run, School, Term, User
from tests.web import classroom
from tests.web.classroom import PASSWORD, Classroom

# Who asks, by their login; the last three are of the other school.
PEOPLE = {
    "seat": "hua-7-2-01",
    "neighbour": "hua-7-2-02",
    "teacher": "li",
    "admin": "chen",
    "staff": "staff",
    "seat2": "nan-1-1-01",
    "teacher2": "wang",
    "admin2": "zhao",
}


@dataclass
class Scene:
    """The application, who may come in, and what is there to be asked for."""

    classroom: Classroom
    folder: Path
    things: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # their ids
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return self.classroom.app

    def ask(self, who: str, method: str, path: str, body: dict[str, Any] | None) -> TestResponse:
        """One request as somebody's browser or script would send it; streams are not read."""
        headers = {"Accept-Language": "en"}
        client = self.app.test_client(use_cookies=False)
        if path.startswith("/api/"):
            if who in self.tokens:
                headers["Authorization"] = f"Bearer {self.tokens[who]}"
            headers["Idempotency-Key"] = f"{who}-{method}-{path}"[-60:].replace("/", "-")
            form = {"data": body} if body and "file" in body else {"json": body}
        else:
            headers["Cookie"] = self.cookies[who]
            form = {"data": {"csrf_token": self.csrf[who], **(body or {})}}
        sent = form if method not in ("GET", "HEAD") else {}
        return client.open(path, method=method, headers=headers, buffered=False, **sent)

    def keep(self) -> None:
        """Remember the database as it is now."""
        with closing(self._database()) as live, closing(self._kept()) as kept:
            live.backup(kept)

    def undo(self) -> None:
        """Make the database what it was."""
        with closing(self._database()) as live, closing(self._kept()) as kept:
            kept.backup(live)

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "kesuan.db", timeout=60)

    def _kept(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "kept.db")


@contextmanager
def populated() -> Iterator[Scene]:
    """The scene in a folder of its own, with everybody logged in."""
    # In memory: the database is made what it was after each change.
    with TemporaryDirectory(prefix="kesuan-security-", dir="/dev/shm") as folder:
        scene = Scene(classroom.build(Path(folder)), Path(folder))
        try:
            _second_school(scene)
            _things(scene)
            for who, login in PEOPLE.items():
                _log_in(scene, who, login)
            _come_by(scene)
            scene.keep()
            yield scene
        finally:
            scene.classroom.house.store.close()


def _second_school(scene: Scene) -> None:
    with scene.classroom.house.store.begin(EVERYONE) as session:
        school = session.scalars(select(School).where(School.slug == "nan")).one()
        for who, role in (("teacher2", Role.TEACHER), ("admin2", Role.SCHOOL_ADMIN)):
            accounts.add(
                session,
                login=PEOPLE[who],
                name=who,
                role=role,
                school_id=school.id,
                password=PASSWORD,
            )
        others, _ = add_class(session, school, slug="1-1", name="1-1", seats=2)
        accounts.set_password(session, others.seats[0].user, PASSWORD)


def _things(scene: Scene) -> None:
    """What an address may name, all of it of the first school."""
    house = scene.classroom.house
    taken = reception.take_in(house.settings, io.BytesIO(classroom.drawn(6)))
    with house.store.begin(EVERYONE) as session:
        teacher = session.scalars(select(User).where(User.login == PEOPLE["teacher"])).one()
        for who, login in PEOPLE.items():
            scene.people[who] = session.scalars(select(User.id).where(User.login == login)).one()
        viewer = accounts.load_viewer(session, teacher.id)
        if viewer is None:
            raise LookupError(teacher.login)
        own = reception.shelve(session, viewer, taken, "自己的图形", name_en="Our shapes")
        runs = session.scalars(select(Run).where(Run.lesson_id == scene.classroom.lesson_id))
        run = next(run for run in runs if run.seat and run.seat.number == 1)
        soon = datetime.now(UTC).date() + timedelta(days=30)
        term = Term(school_id=run.school_id, name="Now", last_day=soon)
        receipt = Erasure(
            school_id=run.school_id,
            kind="run",
            subject="gone",
            why="asked",
            asked_at=time.time(),
            state="done",
        )
        session.add_all([term, receipt])
        session.flush()
        scene.things |= {
            "term_id": term.id,
            "last_day": soon.isoformat(),
            "erasure_id": receipt.id,
            "kind": "class",
            "which": scene.classroom.class_id,
            "run_id": run.id,
            "school_id": teacher.school_id or "",
            "school": "hua",
            "user_id": teacher.id,
            "class_id": scene.classroom.class_id,
            "lesson_id": scene.classroom.lesson_id,
            "data_id": own.id,
            "id_or_name": own.id,
            "id_or_slug": scene.classroom.class_id,
            "template": "image-classifier",
            "name": "image-classifier",
            "path:name": "model.onnx",
            "path:filename": "app.css",
        }


def _log_in(scene: Scene, who: str, login: str) -> None:
    """As somebody with a browser, and with a script."""
    client = scene.classroom.client(login)
    scene.csrf[who] = classroom.token(client, "/history")
    scene.cookies[who] = _cookie(scene, client)
    everything = ["read", "train", "data", "manage"]
    account = {"login": login, "password": PASSWORD, "name": "a script", "scopes": everything}
    given = scene.app.test_client().post("/api/v1/tokens", json=account).get_json()
    scene.tokens[who] = given["token"]
    if who == "teacher":
        scene.things["token_id"] = given["id"]


def _come_by(scene: Scene) -> None:
    """Somebody who is not logged in has a session as well: the login form's."""
    client = scene.classroom.client()
    scene.csrf["nobody"] = classroom.token(client, "/login")
    scene.cookies["nobody"] = _cookie(scene, client)


def _cookie(scene: Scene, client: Any) -> str:
    name = scene.app.config["SESSION_COOKIE_NAME"]
    return f"{name}={client.get_cookie(name).value}"
