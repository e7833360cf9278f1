"""A real Slurm and a site on it with a class, for the rows that send jobs; both go with the row."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import config
from portal.runs.states import RunState
from portal.store import EVERYONE, Store
from portal.store.tables import Run
from stage import school, services, slapd, world
from stage.checkout import ROOT, StageError
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.school import Account
from stage.site import Site
from stage.slapd import Directory

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "telling"
NAME = "security"
PATIENCE_S = 900.0


@dataclass(frozen=True)
class Place:
    """The cluster, the site, and who may log in."""

    plan: ClusterPlan
    site: Site
    accounts: dict[str, Account]
    teacher: Portal
    directory: Directory

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The site's database, beside the portal."""
        with closing(_store(self.site)) as store, store.begin(EVERYONE) as session:
            yield session

    def states(self, runs: Sequence[str]) -> dict[str, Run]:
        """These runs as they are now."""
        with closing(_store(self.site)) as store, store.reading(EVERYONE) as session:
            found = session.scalars(select(Run).where(Run.id.in_(runs)))
            return {run.id: run for run in found}

    def ended(self, runs: Sequence[str]) -> dict[str, Run]:
        """The same, once all of them have ended."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.states(runs)
            left = [run for run in found.values() if not RunState(run.state).final]
            if not left:
                return found
            if time.monotonic() > deadline:
                raise StageError(f"{len(left)} runs have not ended in {PATIENCE_S:.0f} s")
            time.sleep(1)

    def attempt(self, run_id: str) -> Path:
        """The folder of a run's first attempt."""
        return self.site.folder / "data" / "runs" / run_id[:2] / run_id / "attempt-1"


@contextmanager
def place() -> Iterator[Place]:
    """Bring all of it up: a cluster, a directory, a site, a teacher, a class, a data set."""
    try:
        directory = slapd.up(NAME)
        # One that the kernel gives: others on this machine look for the first free one.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port: int = listener.getsockname()[1]
        plan, site = world.up(NAME, _say, port, directory=directory)
        _with_template(site)
        services.stop(site)
        services.start(site)
        accounts = school.people(site, directory)
        account = accounts[school.TEACHER]
        teacher = Portal(site.address).log_in(account.login, account.password)
        school.school_class(site, teacher)
        school.data_sets(site, teacher, ["penguins"])
        yield Place(plan, site, accounts, teacher, directory)
    finally:
        world.forget(NAME)


def _with_template(site: Site) -> None:
    """A second folder of templates, as a site adds its own, and the environment that they name."""
    house = f"{ROOT}/job_templates"
    text = site.settings.read_text().replace(house, f'{house}", "{TEMPLATES}')
    site.settings.write_text(text + '\n[environments.bare]\nkind = "plain"\n')


def _store(site: Site) -> Store:
    return Store(config.Database(url=site.database_url))


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)
