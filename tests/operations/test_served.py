"""The portal under its real server and its real agent: figures of all workers, lines, no secret."""

from __future__ import annotations

import ctypes
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portal import config
from portal.people import accounts
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.migrate import upgrade

ROOT = Path(__file__).parents[2]
KEY = "canary-secret-key-0123456789-abcdefghij"
PASSWORD = "canary-password-right"
WRONG = "canary-password-wrong"
# A busy machine starts slowly; nothing here is about seconds.
PATIENCE_S = 180.0
LINE = re.compile(r"at=\S+Z level=[a-z]+ logger=[a-z._]+ pid=\d+ event=.+")


@dataclass
class Served:
    """A portal that is served by two workers and followed by an agent, and their two logs."""

    folder: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [Path(sys.executable).with_name("kesuan"), name],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "TMPDIR": str(self.folder / "tmp"),
                    "KESUAN_SETTINGS": str(self.folder / "kesuan.toml"),
                },
                stdout=log,
                stderr=log,
                preexec_fn=_deny_write_execute,
            )

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self.processes.items():
            assert process.wait(PATIENCE_S) == 0, self.log(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if self.ask("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            gone = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not gone, self.log(gone[0])
            assert time.monotonic() < deadline, self.log("serve") + self.log("agent")
            time.sleep(0.1)


def _deny_write_execute() -> None:
    """What MemoryDenyWriteExecute= of the units asks for, where the kernel has it (Linux 6.3).

    https://man7.org/linux/man-pages/man2/PR_SET_MDWE.2const.html
    """
    ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    (folder / "tmp").mkdir()
    (folder / "data").mkdir()
    (folder / "secret").write_text(KEY)
    (folder / "kesuan.toml").write_text(
        f"""
        portal.secret_key_file = "secret"
        web.bind = "127.0.0.1:{port}"
        web.secure_cookies = false
        database.url = "sqlite:///{folder}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        slurm.backend = "memory"
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        """,
        encoding="utf-8",
    )
    settings = config.load(folder / "kesuan.toml")
    store = Store(settings.database)
    upgrade(store)
    with store.begin(EVERYONE) as session:
        accounts.add(
            session,
            login="canary",
            name="值班",
            role=Role.STAFF,
            school_id=None,
            password=PASSWORD,
        )
    store.close()
    made = Served(folder, port)
    try:
        made.start("serve")
        made.start("agent")
        made.wait_until_ready()
        yield made
    finally:
        for process in made.processes.values():
            process.kill()
            process.wait()


def answered(metrics: str, group: str) -> float:
    pattern = rf'kesuan_http_request_seconds_count{{group="{group}",status="2xx"}} (\S+)'
    found = re.search(pattern, metrics)
    return float(found[1]) if found else 0.0


def answering(log: str) -> set[str]:
    """The workers that have answered the page that is asked for here."""
    return set(re.findall(r"pid=(\d+) event=answered method=GET path=/login ", log))


def test_every_worker_tells_what_all_have_answered(served: Served) -> None:
    before, asked = answered(served.ask("/metrics")[1], "session"), 0
    deadline = time.monotonic() + PATIENCE_S
    # Which worker takes a request is the kernel's to say, and the second may still be starting.
    while asked < 20 or len(answering(served.log("serve"))) < 2:
        assert time.monotonic() < deadline, "one worker answered everything: nothing was added up"
        assert served.ask("/login")[0] == 200
        asked += 1
    for _ in range(6):
        assert answered(served.ask("/metrics")[1], "session") == before + asked
    assert "kesuan_agent_leads 1.0" in served.ask("/metrics")[1]


def test_secrets_are_in_no_line_and_a_line_is_a_line(served: Served) -> None:
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    door = f"http://127.0.0.1:{served.port}/login"
    for password, status in ((WRONG, 401), (PASSWORD, 200)):
        with browser.open(door) as page:
            csrf = page.read().decode().split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        form = {"login": "canary", "password": password, "csrf_token": csrf}
        try:
            answer = browser.open(door, urllib.parse.urlencode(form).encode())
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            assert answer.status == status
    wanted = json.dumps({"login": "canary", "password": PASSWORD}).encode()
    status, said = served.ask("/api/v1/tokens", wanted, **{"Content-Type": "application/json"})
    assert status == 201
    token = json.loads(said)["token"]
    assert served.ask("/api/v1/me", Authorization=f"Bearer {token}")[0] == 200
    assert served.ask(f"/history?token={token}&password={PASSWORD}")[0] == 200
    assert served.ask("/api/v1/me", Authorization=f"Bearer {token}x")[0] == 401
    cookies = [str(cookie.value) for cookie in jar]
    assert cookies
    _damage(served.folder / "kesuan.db")
    assert served.ask("/api/v1/me", Authorization=f"Bearer {token}")[0] == 500
    served.stop()
    for name in ("serve", "agent"):
        log = served.log(name)
        for secret in (KEY, PASSWORD, WRONG, token, *cookies):
            assert secret not in log, name
        wrong = [line for line in log.splitlines() if not LINE.fullmatch(line)]
        assert wrong == [], name
    assert "level=error logger=portal.api.faults" in served.log("serve")
    assert "OperationalError" in served.log("serve")
    assert "path=/api/v1/me status=401" in served.log("serve")
    assert not list((served.folder / "tmp").glob("kesuan-metrics-*"))


def _damage(database: Path) -> None:
    """A statement that fails with a secret's hash among its values."""
    store = Store(config.Database(url=f"sqlite:///{database}"))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE token RENAME TO elsewhere")
    store.close()
