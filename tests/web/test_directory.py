"""The login page when people are in a directory, and when the directory is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from stage.slapd import Directory

from portal import config
from portal.app import create_app
from portal.people import accounts, passwords
from portal.people.schools import add_school
from portal.people.viewer import Role
from portal.services import EXTENSION, Services
from portal.store import EVERYONE
from portal.store.database import create_all
from tests.directories import TABLE, settings_for
from tests.web.classroom import token

ROOT = Path(__file__).parents[2]
STAFF_PASSWORD = "break the glass"


@dataclass
class House:
    """A portal whose directory can be taken away."""

    settings: config.Settings

    def open(self, **changes: object) -> Flask:
        return create_app(replace(self.settings, ldap=replace(self.settings.ldap, **changes)))


@pytest.fixture
def house(tmp_path: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
    (tmp_path / "secret").write_bytes(b"x" * 40)
    settings = config.Settings(
        portal=config.Portal(secret_key_file=tmp_path / "secret"),
        web=config.Web(secure_cookies=False),
        database=config.Database(url=f"sqlite:///{tmp_path}/kesuan.db"),
        data=config.Data(root=tmp_path / "data"),
        slurm=config.Slurm(partition="class", backend="memory"),
        accelerator=config.Accelerator(),
        templates=config.Templates(folders=[ROOT / "job_templates"]),
        agent=config.Agent(),
        environments={},
        login=config.Login(way="ldap"),
        ldap=settings_for(directory),
        ldap_groups=TABLE,
    )
    services: Services = create_app(settings).extensions[EXTENSION]
    create_all(services.store.engine)
    with services.store.begin(EVERYONE) as session:
        add_school(session, slug="fuxiao", name="附小", slurm_account="school1")
        who = {"login": "guard", "name": "值班", "role": Role.STAFF, "school_id": None}
        accounts.add(session, password=STAFF_PASSWORD, **who)  # type: ignore[arg-type]
    yield House(settings)
    services.store.close()


def enter(client: FlaskClient, login: str, password: str, language: str = "en") -> tuple[int, str]:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    form = {"login": login, "password": password, "csrf_token": token(client, "/login")}
    answer = client.post("/login", data=form)
    return answer.status_code, answer.text


def test_a_teacher_of_the_directory_comes_in_and_gets_a_token(
    house: House, directory: Directory
) -> None:
    app = house.open()
    client = app.test_client()
    assert enter(client, "li", directory.passwords["li"])[0] == 302
    assert "李老师" in client.get("/").text
    body = {"login": "li", "password": directory.passwords["li"]}
    made = app.test_client().post("/api/v1/tokens", json=body)
    assert made.status_code == 201
    wrong = app.test_client().post("/api/v1/tokens", json={**body, "password": "wrong"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "login-refused")  # type: ignore[index]


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "directory does not answer just now"), ("zh", "用户目录暂时没有应答")],
)
def test_with_the_directory_away_the_page_says_so_and_sessions_and_staff_go_on(
    house: House, directory: Directory, language: str, says: str
) -> None:
    before = house.open().test_client()
    assert enter(before, "li", directory.passwords["li"])[0] == 302
    away = house.open(servers=["ldaps://localhost:1"])
    status, page = enter(away.test_client(), "li", directory.passwords["li"], language)
    assert status == 503
    assert says in page
    assert 'value="li"' in page
    assert directory.passwords["li"] not in page
    body = {"login": "li", "password": directory.passwords["li"]}
    refused = away.test_client().post("/api/v1/tokens", json=body)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")  # type: ignore[index]
    # The same cookie on the portal without its directory.
    after = away.test_client()
    name = away.config["SESSION_COOKIE_NAME"]
    cookie = before.get_cookie(name)
    assert cookie is not None
    after.set_cookie(name, cookie.value)
    assert "李老师" in after.get("/").text
    assert enter(away.test_client(), "guard", STAFF_PASSWORD)[0] == 302


@pytest.mark.parametrize(
    ("login", "says"),
    [("guest", "none of your groups"), ("zhao", "(nanhu) is not set up"), ("duo", "several")],
)
def test_whoever_has_no_place_reads_why(
    house: House, directory: Directory, login: str, says: str
) -> None:
    status, page = enter(house.open().test_client(), login, directory.passwords[login])
    assert status == 401
    assert says in page
