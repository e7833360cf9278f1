"""Agents by the dozen: a process in the portal's own Python that forks them.

A thousand agents are killed, and each would spend a second on its imports. Here they are imported
once; a forked agent then does all that `kesuan agent` does, from reading its settings on. It is
told one JSON object a line on stdin, and answers one on stdout:

    {"do": "found", …}      the school, its teacher and its classes; answers when they are there
    {"do": "agent", "log"}  forks an agent; answers its process id
"""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path
from typing import Any

from portal import agent, config
from portal.datasets.reception import take_in
from portal.datasets.shelf import Entry, put
from portal.language import Text
from portal.operations import lines
from portal.people import accounts
from portal.people.classes import add_class
from portal.people.schools import add_school
from portal.people.viewer import Role
from portal.store import EVERYONE, Store


def found(order: dict[str, Any]) -> dict[str, Any]:
    """A school with a teacher and some classes, as the `kesuan` command makes them."""
    settings = _settings()
    store = Store(settings.database)
    with store.begin(EVERYONE) as session:
        school = add_school(
            session, slug="chaos", name="混沌小学", slurm_account=str(order["account"])
        )
        accounts.add(
            session,
            login=str(order["login"]),
            name="混沌老师",
            role=Role.TEACHER,
            school_id=school.id,
            password=str(order["password"]),
        )
        rows = "".join(f"{n},{n % 7},{'even' if n % 2 == 0 else 'odd'}\n" for n in range(40))
        taken = take_in(settings, io.BytesIO(b"number,rest,kind\n" + rows.encode()))
        name = Text(zh="奇数偶数", en="Odd and even")
        entry = Entry(owner_id=None, school_id=None, name=name, slug=str(order["data"]))
        put(session, entry, taken.sha256, taken.size, taken.manifest)
        for slug in order["classes"]:
            add_class(session, school, slug=slug, name=slug, seats=int(order["seats"]))
    store.close()
    return {}


def fork(order: dict[str, Any]) -> dict[str, Any]:
    """An agent in a session of its own, that writes to its log and reads no more orders."""
    pid = os.fork()
    if pid:
        return {"pid": pid}
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, number in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, number)
        lines.to_stderr()
        agent.main(_settings())
    finally:
        os._exit(1)


def _settings() -> config.Settings:
    return config.load(Path(os.environ[config.ENVIRONMENT_VARIABLE]))


def main() -> None:
    """Does what it is told until nobody tells it any more."""
    # The kernel buries the agents that were killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Not `for line in sys.stdin`: a forked agent must inherit no order that was read ahead.
    while line := os.read(0, 65536):
        order = json.loads(line)
        answer = found(order) if order["do"] == "found" else fork(order)
        os.write(1, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
