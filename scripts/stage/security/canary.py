"""Secrets, searched for in everything that a lesson leaves words in.

A class comes in by cards, trains and looks at its results; its teacher logs in by LDAP, by page
and by script; passwords are typed wrong, into wrong fields and into addresses' neighbours. Then
every file of the site, of the cluster and of the jobs, every process's command line and
environment, all that Slurm tells of the jobs, and every page that was shown are searched.
"""

from __future__ import annotations

import html
import http.client
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from portal.people import cards, codes
from portal.people.cards import Card
from portal.store.tables import SchoolClass
from stage import processes, school, slurm
from stage.client import Portal
from stage.security.outcome import Outcome
from stage.security.place import TEMPLATE, Place, place

SEATS = 5
LONGEST = 64 << 20
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
# The files in which a secret is meant to lie, which nobody but the service user or root reads.
KEPT = ("secrets/", "credentials.csv", "portal-password", "directory.json")
# The code of a class is on its teacher's pages and in the database; it opens nothing by itself. And
# what somebody typed where all can see it comes back to them, in the form that they typed it into.
MAY_SHOW = {
    "class code": ("/code", "/cards", "/classes/", "database/", "page POST /sit"),
    "password of the teacher": ("page POST /login", "page POST /sit"),
}


@dataclass
class Surfer:
    """Somebody with a browser's cookies; keeps every page and address."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)

    def ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> str:
        """A page, or where a form led; follows nothing."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(form)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as line:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read()
            for sent in answer.headers.get_all("Set-Cookie", []):
                name, _, value = sent.partition(";")[0].partition("=")
                self.cookies[name] = value
            place = answer.headers.get("Location", "")
        self.pages[f"{method} {path} ({len(self.pages)}) {place}"] = content
        return place or content.decode(errors="replace")

    def fill(self, path: str, **typed: str) -> str:
        """Open a form and send it."""
        found = CSRF.search(self.ask("GET", path))
        return self.ask(
            "POST", path, {"csrf_token": html.unescape(found[1] if found else ""), **typed}
        )


def tried(_tries: int) -> Outcome:
    """One lesson, and then every secret in every place."""
    outcome = Outcome()
    with place() as here:
        secrets, surfers = _lesson(here)
        places = 0
        for where, content in _places(here, surfers):
            places += 1
            for name, secret in secrets.items():
                outcome.tries += 1
                if secret.encode() not in content:
                    continue
                if _is_meant(name, where):
                    outcome.count("found where it is meant to be")
                else:
                    outcome.fails(f"{name} is in {where}")
        outcome.seen |= {"places": places, "secrets": len(secrets)}
        if not outcome.seen.get("found where it is meant to be"):
            outcome.fails("no secret was found where it is meant to lie: nothing was searched")
    return outcome


def _is_meant(name: str, where: str) -> bool:
    return any(part in where for part in (*KEPT, *MAY_SHOW.get(name, ())))


def _lesson(here: Place) -> tuple[dict[str, str], list[Surfer]]:
    """The lesson; its secrets by what they are, and who has seen which pages."""
    account = here.accounts[school.TEACHER]
    teacher, stranger = Surfer(here.site.port), Surfer(here.site.port)
    # As it happens: the password where the login belongs, with a slip of the finger, for a PIN.
    stranger.fill("/login", login=account.password, password=account.login)
    stranger.fill("/login", login=account.login, password=account.password + "x")
    stranger.fill("/sit", code=account.password, seat="1", pin=account.password)
    token = here.teacher.post(
        "/tokens", {"login": account.login, "password": account.password, "name": "a script"}
    )["token"]
    teacher.fill("/login", login=account.login, password=account.password)
    lesson = here.teacher.post(
        "/lessons",
        {
            "class": school.CLASS,
            "template": TEMPLATE,
            "data": "penguins",
            "minutes": 30,
            "seats": list(range(1, SEATS + 1)),
        },
    )
    code, dealt = _deal(here)
    pupils = [Surfer(here.site.port) for _ in dealt]
    for pupil, card in zip(pupils, dealt, strict=True):
        pupil.fill("/sit", code=code, seat=str(card.number), pin="000000")
        pupil.fill("/sit", code=code, seat=str(card.number), pin=card.pin)
    runs = [seat["run"] for seat in lesson["seats"] if seat["run"]]
    here.ended(runs)
    for run, pupil in zip(runs, pupils, strict=True):
        for path in ("/seat", "/history", f"/runs/{run}", f"/runs/{run}/log", "/data"):
            pupil.ask("GET", path)
    its = lesson["class"]
    for path in (
        *("/", "/classes", f"/classes/{its}", f"/classes/{its}/code", f"/classes/{its}/cards"),
        *(f"/lessons/{lesson['id']}", f"/lessons/{lesson['id']}/takehome.zip", "/history"),
        *(f"/runs/{runs[0]}", f"/runs/{runs[0]}/log", "/usage", "/data", "/templates"),
    ):
        teacher.ask("GET", path)
    staff_account = here.accounts[school.STAFF]
    staff = Surfer(here.site.port)
    staff.fill("/login", login=staff_account.login, password=staff_account.password)
    for path in ("/cluster", "/audit", "/audit/audit.csv", "/usage", f"/runs/{runs[0]}"):
        staff.ask("GET", path)
    script = Portal(here.site.address, token)
    for path in ("/me", "/tokens", "/runs", f"/lessons/{lesson['id']}"):
        teacher.pages[f"API {path}"] = repr(script.get(path)).encode()
    folder = here.site.folder
    secrets = {
        "password of the teacher": account.password,
        "password of staff": staff_account.password,
        "token of a script": token,
        "session of the teacher": teacher.cookies["kesuan"],
        "session of staff": staff.cookies["kesuan"],
        "class code": code,
        "secret key": (folder / "secrets" / "session-key").read_text().strip(),
        "bind password": here.directory.password_file.read_text().strip(),
        **{f"PIN of seat {card.number}": card.pin for card in dealt},
        **{f"session of seat {n}": p.cookies["kesuan"] for n, p in enumerate(pupils, 1)},
    }
    return secrets, [teacher, stranger, staff, *pupils]


def _deal(here: Place) -> tuple[str, tuple[Card, ...]]:
    """The class's code, and new cards for the seats that train."""
    with here.writing() as session:
        found = session.scalars(select(SchoolClass).where(SchoolClass.slug == school.CLASS)).one()
        code = codes.of(session, found)
        deck = cards.shuffle(found.name, code, list(range(1, SEATS + 1)))
        cards.deal(session, found, deck)
    return code, deck.pack.cards


def _places(here: Place, surfers: list[Surfer]) -> Iterator[tuple[str, bytes]]:
    """Everything that holds words now, by a name for it."""
    for root in (here.site.folder, here.plan.folder, here.directory.folder):
        for file in sorted(path for path in root.rglob("*") if _is_read(path)):
            yield f"{root.name}/{file.relative_to(root)}", file.read_bytes()
    for process in processes.all_processes():
        mine = Path("/proc") / str(process.pid)
        for name in ("cmdline", "environ"):
            try:
                yield f"{name} of {process.title}", (mine / name).read_bytes()
            except OSError:
                continue
    for command in (
        ["scontrol", "--oneliner", "show", "job"],
        ["sacct", "--allusers", "--parsable2", "--format=ALL"],
        ["sacctmgr", "--noheader", "--parsable2", "show", "associations"],
    ):
        yield " ".join(command), slurm.as_root(here.plan, command).encode()
    for surfer in surfers:
        for address, content in surfer.pages.items():
            yield f"page {address}", content
            yield f"address {address}", address.encode()


def _is_read(path: Path) -> bool:
    """A plain file of words; a database of Slurm's is as large as a disk."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size < LONGEST
