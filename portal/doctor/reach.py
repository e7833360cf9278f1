"""Which way leads to Slurm, with which versions, and who on that way answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from portal.config import Settings
from portal.doctor import host
from portal.doctor.files import secret
from portal.doctor.finding import Finding, Verdict, fault, ok
from portal.doctor.silence import explained
from portal.language import N_
from portal.scheduler import (
    AccountStatus,
    NodeStatus,
    QosStatus,
    Scheduler,
    SchedulerError,
    Site,
    Unsupported,
    choice,
)
from portal.scheduler.pyslurm import fitting

TOKEN_KEY_BYTES = 32


@dataclass
class Reach:
    """Asks one question after the other; what came back stays here, None for no answer."""

    settings: Settings
    scheduler: Scheduler
    site: Site | None = None
    nodes: list[NodeStatus] | None = None
    accounts: list[AccountStatus] | None = None
    qos: list[QosStatus] | None = None

    def look(self) -> Iterator[Finding]:
        """Findings from the settings' choice to slurmdbd. A fault is told once, where it is."""
        before = list(_chosen(self.settings))
        yield from before
        if any(finding.verdict is Verdict.FAULT for finding in before):
            return
        try:
            way = self.scheduler.way()
            yield ok("way", N_("Slurm is reached by {way}.", way=way))
            self.scheduler.ping()
            self.site, self.nodes = self.scheduler.site(), self.scheduler.nodes()
        except SchedulerError as error:
            yield explained(self.settings, error)
            return
        try:
            self.accounts = self.scheduler.accounts()
            with suppress(Unsupported):
                self.qos = self.scheduler.qos()
        except SchedulerError as error:
            yield explained(self.settings, error)


def _chosen(settings: Settings) -> Iterator[Finding]:
    """The backend and why; and what can be seen of it without asking anybody."""
    slurm = settings.slurm
    if slurm.backend in ("auto", "commands", "pyslurm"):
        # A fit of pyslurm would wait for what is missing here, too.
        missing = list(host.look(settings))
        if missing:
            yield from missing
            return
    if slurm.backend == "pyslurm" and not (fit := fitting(slurm)).fits:
        yield fault(
            "backend",
            N_("The settings ask for pyslurm: {reason}.", reason=fit.reason),
            N_("Install the pyslurm that goes with this Slurm (docs/pyslurm.md)."),
        )
        return
    way = choice(slurm)
    yield ok(
        "backend",
        N_("Backend {backend}: {reason}.", backend=way.backend, reason=way.reason),
    )
    if way.backend == "rest" and slurm.rest_token_key_file is not None:
        # Slurm's own key is made of random bytes, and one at its end may look like a blank.
        yield secret("token", slurm.rest_token_key_file, TOKEN_KEY_BYTES, raw=True)
