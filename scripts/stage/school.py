"""The demo's school, its people and its class, made by the `kesuan` command as staff would."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from stage.checkout import StageError
from stage.client import Portal, Refused
from stage.site import Site
from stage.slapd import Directory
from stage.terminal import kesuan

SCHOOL, SCHOOL_NAME, SLURM_ACCOUNT = "fuxiao", "华东大学附属小学", "school1"
CLASS, CLASS_NAME, SEATS = "7-2", "七年级 2 班", 40


@dataclass(frozen=True)
class Account:
    """Somebody who can log in."""

    role: str
    login: str
    password: str


STAFF, TEACHER = "staff", "li"
NAMES = {STAFF: "机房值班", TEACHER: "李老师"}


def people(site: Site, directory: Directory | None = None) -> dict[str, Account]:
    """The staff login and the teacher, by login; made where the portal does not know them yet.

    With a directory the teacher is one of its people, and only the staff account is local.

    Passwords are generated once and written down before the accounts exist, so that an interrupted
    start leaves no account that nobody can enter.
    """
    accounts = _written_down(site)
    portal = Portal(site.address)
    if directory is not None:
        accounts[TEACHER] = Account("teacher", TEACHER, directory.passwords[TEACHER])
    if not _can_log_in(portal, accounts[TEACHER]):
        schools = json.loads(kesuan(site, "schools", "list", "--json"))
        if not any(school["slug"] == SCHOOL for school in schools):
            kesuan(site, "schools", "add", SCHOOL, SCHOOL_NAME, "--account", SLURM_ACCOUNT)
        if directory is None:
            _make(site, accounts[TEACHER], "--school", SCHOOL)
        elif not _can_log_in(portal, accounts[TEACHER]):
            # A demo without a directory has made an account of that login.
            kesuan(site, "people", "hand-over", TEACHER)
    if not _can_log_in(portal, accounts[STAFF]):
        _make(site, accounts[STAFF])
    return accounts


def school_class(site: Site, teacher: Portal) -> None:
    """The class with its forty seats, unless it is there."""
    if CLASS not in {row["slug"] for row in teacher.get("/classes")["items"]}:
        made = ["classes", "add", SCHOOL, CLASS, CLASS_NAME, "--seats", str(SEATS)]
        kesuan(site, *made, "--credentials", str(slips(site)))


def data_sets(site: Site, teacher: Portal, wanted: Collection[str]) -> None:
    """Import the packaged data sets that are not there yet."""
    there = {row["slug"] for row in teacher.get("/datasets")["items"]}
    missing = [name for name in wanted if name not in there]
    if missing:
        kesuan(site, "data", "import", *missing)


def end_open_lessons(teacher: Portal) -> None:
    """Stop what an interrupted demo has left: a class has one lesson at a time."""
    for left in teacher.get("/lessons?state=open")["items"]:
        teacher.post(f"/lessons/{left['id']}/cancel")
        while teacher.get(f"/lessons/{left['id']}")["live"]:
            time.sleep(0.5)


def slips(site: Site) -> Path:
    """The file with the logins of the class's seats."""
    return site.folder / "secrets" / f"class-{CLASS}.csv"


def credentials(site: Site) -> Path:
    """The file with the accounts; only root reads it."""
    return site.folder / "credentials.csv"


def _written_down(site: Site) -> dict[str, Account]:
    file = credentials(site)
    if not file.exists():
        made = [Account("staff", STAFF, _password()), Account("teacher", TEACHER, _password())]
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", newline="") as stream:
            csv.writer(stream).writerows((one.role, one.login, one.password) for one in made)
        fresh.replace(file)
    with file.open(newline="") as stream:
        return {row[1]: Account(*row) for row in csv.reader(stream)}


def _password() -> str:
    """Sixteen characters, without those that are mistaken for one another."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join(
        "".join(letters[byte % len(letters)] for byte in os.urandom(4)) for _ in range(4)
    )


def _can_log_in(portal: Portal, account: Account) -> bool:
    try:
        portal.log_in(account.login, account.password).log_out()
    except Refused as refusal:
        if refusal.status == 401:
            return False
        raise
    return True


def _make(site: Site, account: Account, *more: str) -> None:
    """Add the account; one that an interrupted start left behind gets the password again."""
    add = ["people", "add", account.login, NAMES[account.login], "--role", account.role, *more]
    typed = account.password + "\n"
    try:
        kesuan(site, *add, "--password-file", "-", typed=typed)
    except StageError:
        kesuan(site, "people", "password", account.login, "--password-file", "-", typed=typed)
