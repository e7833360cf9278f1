"""A PostgreSQL to throw away, for tests and benchmarks; the machine's own is left alone."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stage import processes
from stage.checkout import SERVICE_USER, VAR, StageError, write_whole
from stage.daemons import PATH
from stage.ports import is_free, listens
from stage.processes import Process

SERVERS = VAR / "postgres"
FIRST_PORT = 16000
START_PATIENCE_S = 240.0


@dataclass(frozen=True)
class Server:
    """One server, for the service user, with one empty database."""

    name: str
    port: int
    password: str

    @property
    def folder(self) -> Path:
        return SERVERS / self.name

    @property
    def url(self) -> str:
        """For SQLAlchemy with psycopg."""
        return self._url(f"{SERVICE_USER}:{self.password}")

    @property
    def address(self) -> str:
        """The same without the password, which is in `password_file`."""
        return self._url(SERVICE_USER)

    @property
    def password_file(self) -> Path:
        """Only the service user reads it."""
        return self.folder / "password"

    def _url(self, who: str) -> str:
        return f"postgresql+psycopg://{who}@127.0.0.1:{self.port}/postgres"


def up(name: str, *, durable: bool = False) -> Server:
    """Start an empty server, in place of one of this name that there may be.

    A `durable` one waits for the disk at every commit, as a site's own does; the others need not.
    """
    down(name)
    port = next((port for port in range(FIRST_PORT, FIRST_PORT + 200) if is_free(port)), 0)
    server = Server(name, port, secrets.token_urlsafe(16))
    user = pwd.getpwnam(SERVICE_USER)
    server.folder.mkdir(parents=True)
    os.chown(server.folder, user.pw_uid, user.pw_gid)
    password_file = server.password_file
    password_file.write_text(server.password)
    os.chown(password_file, user.pw_uid, user.pw_gid)
    password_file.chmod(0o600)
    data = server.folder / "data"
    initdb = [str(_program("initdb")), f"--pgdata={data}", f"--username={SERVICE_USER}"]
    initdb += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8"]
    initdb += ["--locale=C.UTF-8", "--no-sync"]
    done = subprocess.run(
        initdb,
        env=_environment(),
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd=server.folder,
    )
    if done.returncode != 0:
        raise StageError(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "50",
    }
    if not durable:
        options["fsync"] = "off"  # it is thrown away
    settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    log = server.folder / "server.log"
    command = [str(_program("postgres")), "-D", str(data), *settings]
    processes.start(command, log, _environment(), SERVICE_USER, server.folder)
    deadline = time.monotonic() + START_PATIENCE_S
    while not listens(port):
        if time.monotonic() > deadline:
            raise StageError(f"PostgreSQL did not start; see {log}")
        time.sleep(0.05)
    write_whole(server.folder / "server.json", json.dumps(asdict(server)))
    return server


def down(name: str) -> None:
    """End the server and forget it."""
    folder = SERVERS / name
    if processes.end(lambda: belonging(name)):
        raise StageError(f"the PostgreSQL of {folder} cannot be ended")
    shutil.rmtree(folder, ignore_errors=True)


def belonging(name: str) -> list[Process]:
    """The server's processes, one for each connection among them."""
    folder = SERVERS / name
    everything = processes.all_processes()
    servers = [
        process
        for process in everything
        if process.program == "postgres" and str(folder / "data") in process.arguments
    ]
    return processes.with_descendants(servers, everything)


def _program(name: str) -> Path:
    """The newest of Debian's versions, which lie side by side and not on PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    if not found:
        raise StageError("PostgreSQL is not installed: scripts/setup --only dev")
    return found[-1]


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "LC_ALL": "C.UTF-8"}
