"""Logins by LDAP as the web process does them, timed; in the portal's own Python.

Reads from stdin `{"what": "rate"|"plain"|"refusals"|"trouble", "ldap": settings, "login",
"password", "logins", "threads"}` and prints what it measured as one object.
"""

from __future__ import annotations

import json
import resource
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ldap3

from portal.config import Database, Ldap
from portal.errors import PortalError
from portal.people import accounts
from portal.people.guesses import Guesses, Kind, Size
from portal.people.login import Door
from portal.people.login.ldap import LdapWay
from portal.people.login.local import LocalAccounts
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.database import create_all

ROUNDS = 15


def main() -> None:
    wanted = json.load(sys.stdin)
    for key in ("ca_file", "bind_password_file"):
        wanted["ldap"][key] = Path(wanted["ldap"][key])
    settings = Ldap(**wanted["ldap"])
    measures: dict[str, Callable[[Ldap, dict[str, Any]], dict[str, Any]]] = {
        "rate": _rate,
        "plain": _plain,
        "refusals": _refusals,
        "trouble": _trouble,
    }
    print(json.dumps(measures[wanted["what"]](settings, wanted)))


def _rate(settings: Ldap, wanted: dict[str, Any]) -> dict[str, Any]:
    """Right passwords, by so many threads at once."""
    way = LdapWay(settings, {})
    return _timed(lambda: way.prove(wanted["login"], wanted["password"]), wanted)


def _plain(settings: Ldap, wanted: dict[str, Any]) -> dict[str, Any]:
    """The same requests by ldap3 as its manual has them, with certificates required."""
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file))
    password_file = settings.bind_password_file
    secret = password_file.read_text().strip() if password_file is not None else ""

    def once() -> None:
        server = ldap3.Server(settings.servers[0], tls=tls, get_info=ldap3.NONE)
        service = ldap3.Connection(server, settings.bind_dn, secret, auto_bind=True)
        query = f"(&{settings.filter}(uid={wanted['login']}))"
        service.search(settings.base, query, attributes=["uid", "cn", "entryUUID"])
        dn = service.response[0]["dn"]
        ldap3.Connection(server, dn, wanted["password"], auto_bind=True).unbind()
        members = [dn]
        while members:
            service.search(settings.group_base, f"(member={members.pop()})", attributes=["1.1"])
            members += [entry["dn"] for entry in service.response]
        service.unbind()

    return _timed(once, wanted)


def _refusals(settings: Ldap, wanted: dict[str, Any]) -> dict[str, Any]:
    """How long each kind of refusal takes, at the directory alone and at the door."""
    way = LdapWay(settings, {})
    kinds = {"wrong password": wanted["login"], "unknown login": "nobody"}
    found = {f"directory, {kind}": _median(way.prove, login) for kind, login in kinds.items()}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Database(url=f"sqlite:///{folder}/kesuan.db"))
        create_all(store.engine)
        with store.begin(EVERYONE) as session:
            accounts.add(
                session,
                login="guard",
                name="Guard",
                role=Role.STAFF,
                school_id=None,
                password="break the glass",  # noqa: S106 - of an account that lives for seconds
            )
        # As many guesses as it takes: what is measured is not the pause after ten.
        endless = Guesses(store, dict.fromkeys(Kind, Size(10_000, 1.0)))
        door = Door(store, LocalAccounts(store), way, [Role.STAFF], endless)
        kinds |= {"wrong password, local": "guard", "hostile name": "*)(uid=*"}
        for kind, login in kinds.items():
            found[f"door, {kind}"] = _median(door.authenticate, login)
        store.close()
    return found


def _trouble(settings: Ldap, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the first and the second person see, after how long, and what memory it took."""
    way = LdapWay(settings, {})
    before = _memory_mb()
    seen = []
    for _ in range(2):
        began = time.monotonic()
        try:
            way.prove(wanted["login"], wanted["password"])
            verdict = "in"
        except PortalError as refused:
            verdict = "away" if refused.transient else "refused"
        seen.append({"verdict": verdict, "seconds": round(time.monotonic() - began, 3)})
    return {"first": seen[0], "second": seen[1], "memory_mb": round(_memory_mb() - before, 1)}


def _timed(login: Callable[[], object], wanted: dict[str, Any]) -> dict[str, Any]:
    login()
    took: list[float] = []

    def one(_: int) -> None:
        began = time.monotonic()
        login()
        took.append(time.monotonic() - began)

    cpu, began = time.process_time(), time.monotonic()
    with ThreadPoolExecutor(wanted["threads"]) as pool:
        list(pool.map(one, range(wanted["logins"])))
    seconds = time.monotonic() - began
    used = time.process_time() - cpu
    took.sort()
    return {
        "logins_per_s": round(len(took) / seconds, 1),
        "p50_ms": round(statistics.median(took) * 1000, 1),
        "p99_ms": round(took[int(len(took) * 0.99) - 1] * 1000, 1),
        "cpu_ms_per_login": round(used / len(took) * 1000, 2),
    }


def _median(prove: Callable[[str, str], object], login: str) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        try:
            prove(login, "not the password")
        except PortalError:
            took.append(time.monotonic() - began)
    if len(took) != ROUNDS:
        raise SystemExit(f"{login} was let in with a wrong password")
    return round(statistics.median(took) * 1000, 1)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
