"""An application with the API alone, and two schools that must not know of each other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from werkzeug.test import TestResponse

from portal import api, config
from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.datasets.manifest import ClassCount, Column, TableManifest
from portal.people import accounts, passwords, tokens
from portal.people.classes import add_class
from portal.people.login import open_door
from portal.people.schools import add_school
from portal.people.scopes import EVERYTHING
from portal.people.viewer import Role
from portal.services import EXTENSION, Services
from portal.store import EVERYONE, Store
from portal.store.database import create_all
from portal.store.tables import Content, DataSet, Seat

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse"
TABLE = TableManifest(
    rows=90,
    columns=(Column("long", "number", 0), Column("wide", "number", 0), Column("kind", "text", 0)),
    label="kind",
    classes=(ClassCount("a", 45), ClassCount("b", 45)),
    bytes=1000,
)


@dataclass
class Caller:
    """Somebody with a token."""

    client: FlaskClient
    token: str | None
    language: str = "en"

    def ask(
        self, method: str, path: str, *, key: str | None = None, **options: Any
    ) -> TestResponse:
        headers = {"Accept-Language": self.language, **options.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, json=body, **options)


@dataclass
class SchoolIds:
    """What a test needs to know of a school."""

    id: str
    teacher: Caller
    seat: Caller
    class_id: str
    data_set_id: str


@dataclass
class World:
    """The application and who is in it."""

    app: Flask
    store: Store
    settings: config.Settings
    hua: SchoolIds
    ming: SchoolIds
    staff: Caller
    nobody: Caller


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # A hash that is slow by design, nine times over for every test, tells nothing more.
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
    settings = _settings(tmp_path)
    store = Store(settings.database)
    create_all(store.engine)
    app = Flask("portal")
    app.secret_key = "test"
    CSRFProtect(app)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        store=store,
        catalog=Catalog(settings.templates.folders),
        accelerator=Accelerator.from_settings(settings.accelerator),
        door=open_door(settings, store),
    )
    api.register(app)
    with store.begin(EVERYONE) as session:
        session.add(Content(sha256="ab" * 32, kind="table", size=1000, manifest=TABLE.plain()))
        session.flush()
        staff = accounts.add(
            session, login="staff", name="S", role=Role.STAFF, school_id=None, password=PASSWORD
        )
        hua, ming = (_school(session, app, slug) for slug in ("hua", "ming"))
        staff_caller = _caller(session, app, staff.id)
    nobody = Caller(app.test_client(), None)
    yield World(app, store, settings, hua, ming, staff_caller, nobody)
    store.close()


@pytest.fixture
def admin(world: World) -> Caller:
    """The administrator of hua."""
    with world.store.begin(EVERYONE) as session:
        user = accounts.add(
            session,
            login="admin-hua",
            name="A",
            role=Role.SCHOOL_ADMIN,
            school_id=world.hua.id,
            password=PASSWORD,
        )
        return _caller(session, world.app, user.id)


def lesson_body(**changes: Any) -> dict[str, Any]:
    """A lesson that can be launched in the world's schools."""
    body = {
        "class": "7-2",
        "template": "tabular-classifier",
        "data": "iris",
        "share": 1,
        "parameters": {"algorithm": "KNN"},
        "minutes": 40,
    }
    return {**body, **changes}


def fresh_key() -> str:
    return str(uuid.uuid4())


def _settings(folder: Path) -> config.Settings:
    (folder / "secret").write_bytes(b"x" * 32)
    (folder / "data").mkdir()
    (folder / "kesuan.toml").write_text(
        f"""
        portal.secret_key_file = "secret"
        database.url = "sqlite:///{folder}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        """,
        encoding="utf-8",
    )
    return config.load(folder / "kesuan.toml")


def _school(session: Any, app: Flask, slug: str) -> SchoolIds:
    school = add_school(session, slug=slug, name=f"{slug} 小学", slurm_account=slug)
    teacher = accounts.add(
        session,
        login=f"teacher-{slug}",
        name="T",
        role=Role.TEACHER,
        school_id=school.id,
        password=PASSWORD,
    )
    school_class, _ = add_class(session, school, slug="7-2", name="7(2)", seats=3)
    data_set = DataSet(
        school_id=school.id,
        owner_id=teacher.id,
        slug="iris",
        name_zh="鸢尾花",
        name_en="Iris",
        kind="table",
        sha256="ab" * 32,
    )
    session.add(data_set)
    session.flush()
    seat: Seat = school_class.seats[0]
    return SchoolIds(
        id=school.id,
        teacher=_caller(session, app, teacher.id),
        seat=_caller(session, app, seat.user_id),
        class_id=school_class.id,
        data_set_id=data_set.id,
    )


def _caller(session: Any, app: Flask, user_id: str) -> Caller:
    viewer = accounts.load_viewer(session, user_id)
    assert viewer is not None
    _, secret = tokens.issue(session, viewer, tokens.Wish("test", 1, EVERYTHING))
    return Caller(app.test_client(), secret)
