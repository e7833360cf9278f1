"""A site on one machine: its files, and the portal's two processes as the service user."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import threading
import tomllib
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from stage import processes, services
from stage import site as stage_site
from stage.checkout import SERVICE_USER, StageError
from stage.ports import listens
from stage.site import Site, free_port

from portal.config import load
from tests.conftest import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    made = Site(f"{cluster.plan.name}site", cluster.plan.name, free_port(None))
    stage_site.write(made)
    assert services.command(made, ["kesuan", "migrate"]) == 0
    yield made
    services.stop(made)
    shutil.rmtree(made.folder)


def test_its_settings_are_good_ones(site: Site, cluster: Cluster) -> None:
    settings = load(site.settings)
    assert settings.slurm.conf == cluster.slurm_conf
    assert settings.slurm.user == SERVICE_USER
    assert settings.data.root == site.folder / "data"
    assert settings.accelerator.units_per_gpu == cluster.plan.shards


def test_secrets_are_the_service_users_alone(site: Site) -> None:
    settings = tomllib.loads(site.settings.read_text())
    key = site.folder / settings["portal"]["secret_key_file"]
    assert key.owner() == SERVICE_USER
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    before = key.read_text()
    stage_site.write(site)
    assert key.read_text() == before, "a restart would end every session"


def test_web_and_agent_run_as_the_service_user_and_end_without_a_trace(site: Site) -> None:
    services.start(site)
    services.start(site)  # harmless
    first = services.running(site)
    assert set(first) == {"web", "agent"}
    for process in first.values():
        assert Path(f"/proc/{process.pid}").owner() == SERVICE_USER
    connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status < 400
    connection.close()

    os.kill(first["agent"].pid, signal.SIGKILL)
    services.stop(site, "agent")
    assert set(services.running(site)) == {"web"}
    services.start(site, "agent")
    assert services.running(site)["agent"].pid != first["agent"].pid

    # Killed so, gunicorn's first process leaves its workers behind; they are found all the same.
    os.kill(first["web"].pid, signal.SIGKILL)
    services.stop(site)
    assert services.running(site) == {}
    assert not listens(site.port)
    marked = [p for p in processes.all_processes() if str(site.folder) in str(p.environment)]
    assert marked == []


def test_a_service_that_cannot_start_says_why(site: Site) -> None:
    good = site.settings.read_text()
    site.settings.write_text(good.replace('partition = "class"', "partition = 7"))
    try:
        with pytest.raises(StageError, match=r"web did not start: .*slurm\.partition"):
            services.start(site, "web")
    finally:
        site.settings.write_text(good)


def test_somebody_elses_portal_on_its_port_is_not_taken_for_it(site: Site) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", site.port), Stranger) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            with pytest.raises(StageError, match=r"web did not start: .*127\.0\.0\.1"):
                services.start(site, "web")
        finally:
            server.shutdown()
            serving.join()


def test_a_site_needs_its_cluster() -> None:
    with pytest.raises(StageError, match="there is no cluster 'nowhere'"):
        stage_site.write(Site("lost", "nowhere", 8080))


@pytest.mark.parametrize(("name", "port"), [("A", 8080), ("a/b", 8080), ("a", 80), ("a", 70000)])
def test_a_bad_site_is_refused(name: str, port: int) -> None:
    with pytest.raises(StageError):
        Site(name, "demo", port)
