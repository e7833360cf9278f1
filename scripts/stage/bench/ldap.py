"""Logins by LDAP: how many a second, and what happens when the server is stopped, slow or lies."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
from typing import Any

from stage import processes, slapd
from stage.bench.contenders import PROGRAMS
from stage.checkout import SERVICE_USER, StageError, alone
from stage.directory_tree import GROUPS, PEOPLE, SERVICE
from stage.liar import LIES, Liar
from stage.services import PYTHON_BIN
from stage.slapd import Directory

NAMES = ("bench", "benchb")
LOGIN = "li"
PATIENCE_S = 300
# What a site has unless it says otherwise, but half as patient, so that the script ends sooner.
PATIENCE = {"connect_s": 1.5, "receive_s": 3, "login_s": 6.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logins", type=int, default=400, help="default: 400")
    parser.add_argument("--threads", type=int, default=8, help="at once (default: 8)")


def run(options: argparse.Namespace) -> int:
    try:
        with alone():
            one, other = (slapd.up(name) for name in NAMES)
        return _measure(options, one, other)
    finally:
        for name in NAMES:
            slapd.down(name)


def rates(one: Directory, logins: int, threads: int) -> dict[str, dict[str, Any]]:
    """Logins a second and what one takes, by the way of logging in."""
    size = {"logins": logins, "threads": threads}
    return {
        "ldap3 as its manual has it": _program(one, "plain", _settings(one), **size),
        "search and bind": _program(one, "rate", _settings(one), **size),
        "bind at once": _program(one, "rate", _directly(one), **size),
    }


def _measure(options: argparse.Namespace, one: Directory, other: Directory) -> int:
    load = os.getloadavg()[0]
    print(f"{options.logins} logins, {options.threads} at once; load before: {load:.2f}\n")
    measured = rates(one, options.logins, options.threads)
    print(f"{'':<28}{'logins/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}")
    for name, found in measured.items():
        print(f"{name:<28}" + "".join(f"{value:>10}" for value in found.values()))
    refusals = _program(one, "refusals", _settings(one))
    print("\nmedian of a refusal, ms")
    for name, milliseconds in refusals.items():
        print(f"  {name:<36}{milliseconds:>8}")
    seen = trouble(one, other)
    print(f"\n{'':<34}{'first login':>18}{'second login':>18}{'memory MB':>12}")
    for name, found in seen.items():
        turns = [f"{found[turn]['verdict']} {found[turn]['seconds']} s" for turn in TURNS]
        print(f"{name:<34}" + "".join(f"{words:>18}" for words in turns), end="")
        print(f"{found['memory_mb']:>12}")
    print(json.dumps({"load": load, "rates": measured, "refusals_ms": refusals, "trouble": seen}))
    wrong = [name for name, found in seen.items() if is_wrong(name, found)]
    if wrong:
        raise StageError(f"not as it should be: {', '.join(wrong)}")
    return 0


TURNS = ("first", "second")


def is_wrong(name: str, found: dict[str, Any]) -> bool:
    """With an honest server left everybody gets in; without one nobody does."""
    verdicts = {found[turn]["verdict"] for turn in TURNS}
    return verdicts != {"in"} if name.endswith("+ good") else "in" in verdicts


def trouble(one: Directory, other: Directory) -> dict[str, dict[str, Any]]:
    """Each trouble twice: with no other server, and with a good one behind."""
    found: dict[str, dict[str, Any]] = {}
    (process,) = slapd.belonging(other.name)
    processes.send(process, signal.SIGSTOP)
    found |= _alone_and_not(one, "SIGSTOP", other.tls_url)
    processes.end(lambda: slapd.belonging(other.name))
    found |= _alone_and_not(one, "ended", other.tls_url)
    for lie in LIES:
        with Liar(lie) as liar:
            found |= _alone_and_not(one, lie, liar.url)
    return found


def _alone_and_not(good: Directory, name: str, url: str) -> dict[str, dict[str, Any]]:
    settings = {**_settings(good), "start_tls": False}
    cases = {name: [url]}
    # Of these two the portal cannot know that they are no honest "there is no such person".
    if name not in ("a reference elsewhere", "another's entry"):
        cases[f"{name} + good"] = [url, good.tls_url]
    return {
        case: _program(good, "trouble", {**settings, "servers": servers})
        for case, servers in cases.items()
    }


def _settings(directory: Directory) -> dict[str, Any]:
    return {
        "servers": [directory.tls_url],
        "ca_file": str(directory.ca_file),
        "bind_dn": SERVICE,
        "bind_password_file": str(directory.password_file),
        "base": PEOPLE,
        "group_base": GROUPS,
        **PATIENCE,
    }


def _directly(directory: Directory) -> dict[str, Any]:
    template = f"uid={{login}},{PEOPLE}"
    return {**_settings(directory), "mode": "direct", "dn_template": template}


def _program(directory: Directory, what: str, ldap: dict[str, Any], **more: Any) -> dict[str, Any]:
    wanted = {"what": what, "ldap": ldap, "login": LOGIN, **more}
    wanted["password"] = directory.passwords[LOGIN]
    done = subprocess.run(
        [str(PYTHON_BIN / "python"), "-W", "ignore", str(PROGRAMS / "logins.py")],
        input=json.dumps(wanted),
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    if done.returncode != 0:
        raise StageError(f"logins.py {what}: {done.stderr.strip()[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
