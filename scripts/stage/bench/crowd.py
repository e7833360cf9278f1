"""The pupils of a burst: who presses what and when, and what became of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stage import terminal
from stage.bench.contenders import MINUTES, PROGRAMS
from stage.checkout import StageError
from stage.site import Site

# Before the first press, so that the generator has read its plan.
LEAD_S = 3.0
CREATED = 201


@dataclass(frozen=True)
class Pupil:
    """Somebody at a seat, with a token."""

    school: str
    token: str
    template: str


@dataclass(frozen=True)
class Press:
    """One Train, so many seconds after the burst began."""

    at_s: float
    pupil: Pupil
    body: dict[str, Any]


@dataclass(frozen=True)
class Burst:
    """What the presses were answered; the times are in seconds, the moment is UTC."""

    began_at: float
    answered_s: list[float]
    late_s: float
    runs: list[str]
    errors: list[str]
    connections: int
    cpu_s: float


def pupils(site: Site, accounts: Sequence[str], seats: int) -> list[Pupil]:
    """Make the schools of these Slurm accounts, with a class of so many seats each."""
    said = terminal.python(
        site,
        PROGRAMS / "crowd.py",
        typed=json.dumps({"accounts": list(accounts), "seats": seats}),
        environment={},
    )
    return [Pupil(**pupil) for pupil in json.loads(said)]


def presses(crowd: Sequence[Pupil], seconds: float, seed: int) -> list[Press]:
    """A press of every pupil at random within so many seconds, with parameters of their own."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    made = [
        Press(chance.uniform(0, seconds), pupil, _body(pupil.template, chance)) for pupil in crowd
    ]
    return sorted(made, key=lambda press: press.at_s)


def _body(template: str, chance: random.Random) -> dict[str, Any]:
    if template == "image-classifier":
        parameters: dict[str, Any] = {
            "epochs": chance.randint(1, 30),
            "learning_rate": chance.choice(("0.0003", "0.001", "0.003", "0.01")),
        }
    else:
        parameters = {"algorithm": "KNN", "neighbours": chance.randint(1, 25)}
    return {"parameters": parameters, "minutes": MINUTES}


def whole_at_s(plan: Sequence[Press], accounts: Sequence[str]) -> list[float]:
    """When the last pupil of each class presses."""
    last = {press.pupil.school: press.at_s for press in plan}
    return [last[account] for account in accounts]


def press_all(site: Site, plan: Sequence[Press]) -> Burst:
    """Let them press, from a process of its own."""
    began_at = time.time() + LEAD_S
    wanted = {
        "host": "127.0.0.1",
        "port": site.port,
        "begin_at": began_at,
        "presses": [
            [press.at_s, press.pupil.token, str(uuid.uuid4()), press.body] for press in plan
        ],
    }
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / "presses.py")],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StageError(f"the presses: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    good = [answer for answer in found["answers"] if answer["status"] == CREATED]
    return Burst(
        began_at=began_at + plan[0].at_s,
        answered_s=[answer["took_s"] for answer in found["answers"]],
        late_s=max(answer["late_s"] for answer in found["answers"]),
        runs=[json.loads(answer["body"])["id"] for answer in good],
        errors=[
            f"{answer['status']} {answer['body'][:200]}"
            for answer in found["answers"]
            if answer["status"] != CREATED
        ],
        connections=found["connections"],
        cpu_s=found["cpu_s"],
    )
