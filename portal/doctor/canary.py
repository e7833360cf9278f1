"""A one-second job that goes the way of every run, and tells from a node what it found there."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.accelerators import Accelerator
from portal.config import Environment, Settings
from portal.doctor.finding import Finding, fault, ok, warn
from portal.language import N_
from portal.scheduler import ArrayRequest, Scheduler, SchedulerError, SubmittedArray, TaskStatus

SCRIPT = Path(__file__).with_name("canary.sh")
FOLDER = "canary"
WAIT_S = 60.0
LOOK_EVERY_S = 0.5
# After Slurm says that the job has ended, a network file system may show the file this much later.
FILE_LATE_S = 15.0
MOST_SKEW_S = 2.0
LEAST_PYTHON = (3, 9)
MEMORY_MB = 200


@dataclass
class Canary:
    """One canary job for one site."""

    settings: Settings
    scheduler: Scheduler
    account: str
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    name: str = field(default_factory=lambda: f"canary-{uuid.uuid4().hex}")

    def look(self) -> Iterator[Finding]:
        """Send it, wait for its word, and clean up behind it."""
        folder = self.settings.data.root / FOLDER / self.name
        try:
            folder.mkdir(parents=True)
            listed = map(_line, *zip(*self.settings.environments.items(), strict=True))
            (folder / "environments.tsv").write_text("".join(listed), encoding="utf-8")
            sent_at = self.clock()
            array = self.scheduler.submit(self._request())
            yield from self._wait(array, folder, sent_at)
        except OSError as error:
            yield fault(
                "canary",
                N_("{path} cannot be written: {error}", path=folder, error=error.strerror),
                N_("Put the data root right first."),
            )
        except SchedulerError as error:
            words = error.words or str(error)
            yield fault(
                "canary",
                N_("Slurm did not take the canary job: {words}", words=words),
                N_("Try what Slurm says by hand: sbatch with the same account and partition."),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _request(self) -> ArrayRequest:
        offer = Accelerator.from_settings(self.settings.accelerator).offered()[0]
        slurm, data = self.settings.slurm, self.settings.data
        return ArrayRequest(
            name=self.name,
            tasks=1,
            script=SCRIPT,
            workdir=(data.node_root or data.root) / FOLDER / self.name,
            output="slurm-%a.out",
            account=self.account,
            partition=slurm.partition,
            qos=slurm.qos,
            gres=offer.gres,
            cpus=1,
            memory_mb=MEMORY_MB,
            minutes=1,
        )

    def _wait(self, array: SubmittedArray, folder: Path, sent_at: float) -> Iterator[Finding]:
        last: TaskStatus | None = None
        ended_at: float | None = None
        while (now := self.clock()) - sent_at < WAIT_S:
            if (folder / "canary.txt").exists():
                yield from self._read(folder, sent_at)
                return
            with suppress(SchedulerError):
                last = next(iter(self.scheduler.find(self.name)), last)
            if last is not None and last.state.ended:
                ended_at = ended_at or now
                if now - ended_at > FILE_LATE_S:
                    break
            self.sleep(LOOK_EVERY_S)
        with suppress(SchedulerError):
            self.scheduler.cancel(array)
        yield self._silence(last)

    def _silence(self, last: TaskStatus | None) -> Finding:
        """The canary did not sing: why, as far as Slurm tells."""
        if last is not None and last.state.ended:
            where = self.settings.data.node_root or self.settings.data.root
            return fault(
                "canary",
                N_(
                    "The canary job ended as {state} on {node}, and its file is not here.",
                    state=last.state.raw,
                    node=last.node,
                ),
                N_("Is {path} on that node the same folder? Else set data.node_root.", path=where),
            )
        state = last.state.raw if last is not None else "-"
        reason = last.reason if last is not None else "-"
        return warn(
            "canary",
            N_(
                "The canary job did not start in time: {state}, {reason}.",
                state=state,
                reason=reason,
            ),
            N_("If the cluster is full, try again later; else ask: squeue --me --start"),
        )

    def _read(self, folder: Path, sent_at: float) -> Iterator[Finding]:
        seen_at = self.clock()
        lines = (folder / "canary.txt").read_text(encoding="utf-8").splitlines()
        words = [line.partition("=")[::2] for line in lines]
        told = dict(words)
        host, seconds = told.get("host", "?"), f"{seen_at - sent_at:.1f}"
        yield ok(
            "canary", N_("A job ran on {host} and was seen after {s} s.", host=host, s=seconds)
        )
        if told.get("user") != self.settings.slurm.user:
            yield fault(
                "canary-user",
                N_("The job ran as {user}.", user=told.get("user", "?")),
                N_("Run web and agent as {user}.", user=self.settings.slurm.user),
            )
        yield _clock(float(told.get("epoch", "0")), sent_at, seen_at)
        yield _python(told.get("python", ""))
        missing = sorted(value for key, value in words if key == "missing")
        yield _environments(missing)


def _clock(epoch: float, sent_at: float, seen_at: float) -> Finding:
    """The job's time has to lie between its sending and its being seen."""
    if sent_at - MOST_SKEW_S <= epoch <= seen_at + MOST_SKEW_S:
        return ok("node-clock", N_("The node's clock agrees."))
    off = epoch - (seen_at if epoch > seen_at else sent_at)
    return fault(
        "node-clock",
        N_("The node's clock is {seconds} s off.", seconds=f"{off:+.1f}"),
        N_("Let both machines follow the same time server (chrony)."),
    )


def _python(version: str) -> Finding:
    parts = version.split(".")
    if all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= LEAST_PYTHON:
        return ok("node-python", N_("The node has Python {version}.", version=version))
    return fault(
        "node-python",
        N_("The node's python3 is too old or missing: {version}", version=version or "-"),
        N_("Install Python 3.9 or later as python3 on every node."),
    )


def _environments(missing: list[str]) -> Finding:
    if not missing:
        return ok("environments", N_("Every environment is on the node."))
    names = ", ".join(missing)
    return fault(
        "environments",
        N_("The node does not find: {names}", names=names),
        N_("Put the environment where nodes see it, or set it right in [environments]."),
    )


def _line(name: str, environment: Environment) -> str:
    what = {
        "venv": environment.path or "",
        "apptainer": environment.image or "",
        "modules": " ".join(environment.modules),
        "plain": environment.python,
    }[environment.kind]
    return f"{name}\t{environment.kind}\t{what}\n"
