"""Web reloads and restarts under systemd's socket while people work: nobody's request fails."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.web.classroom import PASSWORD, Classroom, build

ROOT = Path(__file__).parents[2]
# A busy machine starts slowly; nothing here is about seconds.
PATIENCE_S = 240.0
# What systemd does for a service with a socket unit: the socket is descriptor 3, and the process
# is told so. https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
AS_SYSTEMD = 'exec 3<&"$1"; shift; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'


@dataclass
class Unit:
    """A web process as systemd starts it: the socket is systemd's own and outlives the process."""

    classroom: Classroom
    folder: Path
    socket: socket.socket
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def log(self) -> str:
        return (self.folder / "web.log").read_text(encoding="utf-8")

    def start(self) -> None:
        kesuan = Path(sys.executable).with_name("kesuan")
        number = self.socket.fileno()
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", AS_SYSTEMD, "systemd", str(number), kesuan, "serve"],
                cwd=ROOT,
                env={
                    "PATH": "/usr/bin:/bin",
                    "TMPDIR": str(self.folder),
                    "KESUAN_SETTINGS": str(self.folder / "kesuan.toml"),
                },
                stdout=log,
                stderr=log,
                pass_fds=[number],
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self) -> int:
        """As `systemctl stop` does with KillMode=mixed; its exit status."""
        assert self.process is not None
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)


@dataclass
class Crowd:
    """People at work. Each goes on until all are told to go home, and notes what befell them."""

    unit: Unit
    token: str
    cookie: str
    home: threading.Event = field(default_factory=threading.Event)
    told: dict[str, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Crowd:
        self._join("reads on an open connection", self._reads)
        self._join("reads now and then", lambda name: self._reads(name, pause_s=1.5))
        self._join("presses Train", self._presses)
        self._join("watches the class", self._watches)
        self.wait_for(lambda: all(len(told) > 1 for told in self.told.values()))
        return self

    def __exit__(self, *_: object) -> None:
        self.home.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)

    def wait_for(self, there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not there():
            assert self.faults == [], self.unit.log
            assert time.monotonic() < deadline, (self.told, self.unit.log)
            time.sleep(0.05)

    def everybody_was_answered_again(self) -> None:
        before = {name: len(told) for name, told in self.told.items()}
        self.wait_for(lambda: all(len(self.told[name]) > n for name, n in before.items()))

    def _join(self, name: str, work: Callable[[str], None]) -> None:
        self.told[name] = []
        self.threads.append(threading.Thread(target=self._work, args=(name, work)))
        self.threads[-1].start()

    def _work(self, name: str, work: Callable[[str], None]) -> None:
        try:
            work(name)
        except (OSError, http.client.HTTPException, AssertionError) as fault:
            self.faults.append(f"{name}: {fault!r}")

    def _reads(self, name: str, pause_s: float = 0.02) -> None:
        """One connection, for as long as the server keeps it open."""
        with closing(self.unit.connect()) as connection:
            while not self.home.wait(pause_s):
                headers = {"Authorization": f"Bearer {self.token}"}
                connection.request("GET", "/api/v1/me", headers=headers)
                answer = connection.getresponse()
                assert answer.status == 200, answer.read()
                self.told[name].append(str(json.loads(answer.read())["login"]))

    def _presses(self, name: str) -> None:
        """A new connection for each press; the run is stopped again, or they would be too many."""
        body = {"template": "tabular-classifier", "data": self.unit.classroom.table_id}
        while not self.home.wait(0.05):
            run = self._post("/api/v1/runs", body, 201)["id"]
            self._post(f"/api/v1/runs/{run}/cancel", None, 200)
            self.told[name].append(run)

    def _post(self, path: str, body: dict[str, str] | None, status: int) -> dict[str, str]:
        with closing(self.unit.connect()) as connection:
            headers = {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid.uuid4()),
            }
            connection.request("POST", path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            assert answer.status == status, answer.read()
            said: dict[str, str] = json.loads(answer.read())
            return said

    def _watches(self, name: str) -> None:
        """The events of the class page, asked for anew each time that they end."""
        address = f"/lessons/{self.unit.classroom.lesson_id}/events"
        while not self.home.is_set():
            with closing(self.unit.connect()) as connection:
                connection.request("GET", address, headers={"Cookie": self.cookie})
                with connection.getresponse() as answer:
                    assert answer.status == 200, answer.read()
                    self.told[name].append("opened")
                    while (line := answer.readline()) and not self.home.is_set():
                        # Where nothing moves, a beat is all that comes.
                        if line.startswith((b"event: ", b"retry: ")):
                            self.told[name].append(line.decode().strip())


def log_in(unit: Unit) -> str:
    """The cookie of the teacher's browser."""
    client = unit.classroom.client("li")
    cookie = client.get_cookie("kesuan")
    assert cookie is not None
    return f"{cookie.key}={cookie.value}"


def token_of(unit: Unit) -> str:
    body = json.dumps({"login": "li", "password": PASSWORD})
    with closing(unit.connect()) as connection:
        connection.request("POST", "/api/v1/tokens", body, {"Content-Type": "application/json"})
        return str(json.loads(connection.getresponse().read())["token"])


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        made = Unit(build(tmp_path, seats=8), tmp_path, listener)
        made.start()
        try:
            yield made
        finally:
            if made.process is not None:
                made.process.kill()
                made.process.wait()
            made.classroom.house.store.close()


def test_a_reload_and_a_restart_fail_nobody(unit: Unit) -> None:
    with ExitStack() as people:
        crowd = people.enter_context(Crowd(unit, token_of(unit), log_in(unit)))
        gone = unit.log.count("Worker exiting")
        unit.signal(signal.SIGHUP)
        crowd.wait_for(lambda: unit.log.count("Worker exiting") >= gone + 2)
        crowd.everybody_was_answered_again()
        # Somebody's line is slow: half of the request is there when the portal is told to stop.
        slow = people.enter_context(closing(unit.connect()))
        body = json.dumps({"login": "li", "password": PASSWORD}).encode()
        slow.putrequest("POST", "/api/v1/tokens")
        slow.putheader("Content-Type", "application/json")
        slow.putheader("Connection", "close")
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders(body[:10])
        time.sleep(0.2)
        late = threading.Timer(1.0, slow.send, [body[10:]])
        late.start()
        assert unit.end() == 0, unit.log
        late.join()
        assert slow.getresponse().status == 201
        unit.start()
        crowd.everybody_was_answered_again()
    assert crowd.faults == []
    pressed = crowd.told["presses Train"]
    assert len(set(pressed)) == len(pressed)
    # Each stream begins with the whole class, and all but the last end with when to come back.
    one = r"opened event: snapshot( event: (snapshot|beat))*"
    watched = " ".join(crowd.told["watches the class"])
    assert re.fullmatch(rf"({one} retry: \d+ ){{2,}}{one}", watched), watched
    # Nobody had to be thrown out, and no other address was opened: the settings name port 8080.
    assert "graceful timeout" not in unit.log
    assert set(re.findall(r"Listening at: (\S+)", unit.log)) == {f"http://127.0.0.1:{unit.port}"}
