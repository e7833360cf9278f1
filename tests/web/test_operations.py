"""What machines ask the portal about itself, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal import config
from portal.app import create_app
from portal.services import EXTENSION, Services
from portal.store.migrate import upgrade

ROOT = Path(__file__).parents[2]


def portal(folder: Path, more: str = "", *, migrated: bool = True) -> FlaskClient:
    (folder / "secret").write_bytes(b"x" * 32)
    (folder / "kesuan.toml").write_text(
        f"""
        portal.secret_key_file = "secret"
        database.url = "sqlite:///{folder}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        {more}
        """,
        encoding="utf-8",
    )
    app = create_app(config.load(folder / "kesuan.toml"))
    house: Services = app.extensions[EXTENSION]
    if migrated:
        upgrade(house.store)
    return app.test_client()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    opened = portal(tmp_path)
    yield opened
    opened.application.extensions[EXTENSION].store.close()


def from_(address: str) -> dict[str, str]:
    return {"REMOTE_ADDR": address}


def test_health_is_anybodys_to_ask_and_needs_no_database(tmp_path: Path) -> None:
    client = portal(tmp_path, migrated=False)
    answer = client.get("/healthz", environ_overrides=from_("203.0.113.9"))
    assert (answer.status_code, answer.json) == (200, {"alive": True})


def test_what_is_missing_is_told_in_the_readers_language(client: FlaskClient) -> None:
    for language, words in (("en", "No agent has worked here yet."), ("zh", "这里还没有")):
        answer = client.get("/readyz", headers={"Accept-Language": language})
        assert answer.status_code == 503
        assert answer.json["ready"] is False
        (missing,) = answer.json["missing"]
        assert missing["what"] == "agent"
        assert words in missing["message"]


@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
def test_only_neighbours_may_ask(client: FlaskClient, page: str) -> None:
    for address in ("127.0.0.1", "::1"):
        assert client.get(page, environ_overrides=from_(address)).status_code in (200, 503)
    for address in ("203.0.113.9", "2001:db8::1", "", "nonsense"):
        assert client.get(page, environ_overrides=from_(address)).status_code == 403, address
    # A proxy on this machine that the settings do not count would open the door to everybody.
    through = client.get(page, headers={"X-Forwarded-For": "203.0.113.9"})
    assert through.status_code == 403


def test_a_site_names_its_networks(tmp_path: Path) -> None:
    client = portal(tmp_path, 'web.operations_from = ["10.1.0.0/16"]\nweb.trusted_proxies = 1')
    for address, status in (("10.1.2.3", 200), ("127.0.0.1", 403)):
        answer = client.get("/metrics", headers={"X-Forwarded-For": address})
        assert answer.status_code == status, address


def test_answers_are_measured_by_group_and_class_of_status(client: FlaskClient) -> None:
    client.get("/login")
    client.get("/login")
    client.get("/nowhere")
    client.get("/api/v1/me")
    text = client.get("/metrics").text
    assert 'kesuan_http_request_seconds_count{group="session",status="2xx"} 2.0' in text
    assert 'kesuan_http_request_seconds_count{group="nowhere",status="4xx"} 1.0' in text
    assert 'group="api.me",status="4xx"' in text
    assert "# TYPE kesuan_submissions_total counter" in text
    assert 'kesuan_runs{state="waiting"} 0.0' in text


def test_two_applications_do_not_count_together(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = portal(tmp_path / "other")
    client.get("/login")
    assert 'group="session"' not in other.get("/metrics").text


def test_figures_are_told_while_the_database_is_away(tmp_path: Path) -> None:
    answer = portal(tmp_path, migrated=False).get("/metrics")
    assert answer.status_code == 200
    assert "kesuan_database_up 0.0" in answer.text
