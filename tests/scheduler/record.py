"""Record what a real Slurm prints, for the parsers' tests; `scripts/record-payloads` runs this.

Makes work of every kind on an embedded cluster (best a fresh one: its whole queue is recorded),
asks the portal's own questions, and writes the answers as they come to
tests/scheduler/payloads/slurm-VERSION/: NAME.out, or NAME.err where the command failed.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

from portal.scheduler import ArrayRequest
from portal.scheduler.commands import arguments
from portal.scheduler.commands.runner import QUERY_ENVIRONMENT
from tests.conftest import Cluster, start_cluster
from tests.scheduler import record_rest, record_states
from tests.scheduler.recording import PAYLOADS, REFUSED, SCRIPT, USER

ENTITIES = ("--parsable2", "show", "accounts", "format=Account,Description,Organization")
LIMITS = "GrpTRES,GrpJobs,GrpSubmit,MaxTRES,MaxJobs,MaxSubmit,MaxWall"


class Recorder:
    """Asks one cluster and writes down the answers."""

    def __init__(self, cluster: Cluster, work: Path) -> None:
        self.cluster = cluster
        self.work = work
        version = self.ask("sbatch", "--version").stdout.split()[-1]
        self.folder = PAYLOADS / f"slurm-{version.rpartition('.')[0]}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def ask(self, command: str, *words: str) -> CompletedProcess[str]:
        settings = [f"{key}={value}" for key, value in QUERY_ENVIRONMENT.items()]
        return self.cluster.command("env", *settings, command, *words, folder=self.work)

    def record(self, name: str, command: str, *words: str) -> None:
        answer = self.ask(command, *words)
        kind, text = ("err", answer.stderr) if answer.returncode else ("out", answer.stdout)
        (self.folder / f"{name}.{kind}").write_text(text)
        sys.stdout.write(f"{name}.{kind}: exit {answer.returncode}, {len(text)} bytes\n")

    def request(self, name: str, seconds: float, end: str = "") -> ArrayRequest:
        script = self.work / f"{name}.sh"
        script.write_text(SCRIPT.format(seconds=seconds, end=end))
        return ArrayRequest(
            name,
            2,
            script,
            self.work,
            "slurm-%a.out",
            "school1",
            1,
            100,
            5,
            "class",
            gres="shard:1",
        )

    def book(self) -> None:
        """A reservation, as an operator makes one: of two nodes, in an hour."""
        words = ["reservationname=lesson-7-2", "starttime=now+1hour", "duration=40", "nodecnt=2"]
        words += ["users=kesuan", "accounts=school1", "partitionname=class"]
        answer = self.cluster.command("scontrol", "create", "reservation", *words, user=None)
        if answer.returncode:
            raise SystemExit(f"reservation: {answer.stderr}")

    def submit(self, request: ArrayRequest) -> str:
        answer = self.ask("sbatch", *arguments.submission(request))
        if answer.returncode:
            raise SystemExit(f"{request.name}: {answer.stderr}")
        return answer.stdout.strip()


def main() -> None:
    """Make work, ask, write."""
    cluster = start_cluster(sys.argv[1], rest=True)
    cluster.account("school1", 64)
    cluster.account("school2", 4)
    with tempfile.TemporaryDirectory(dir=cluster.plan.folder) as folder:
        work = Path(folder)
        work.chmod(0o777)
        recorder = Recorder(cluster, work)
        _record(recorder)
        record_states.record(cluster, recorder.folder)
        record_rest.record(cluster, work, recorder.folder.name.removeprefix("slurm-"))


def _record(recorder: Recorder) -> None:
    for name, changes in REFUSED.items():
        request = replace(recorder.request(name, 1), **changes)  # type: ignore[arg-type]
        recorder.record(name, "sbatch", *arguments.submission(request))
    recorder.submit(recorder.request("good", 1))
    recorder.submit(recorder.request("exit-three", 1, "exit 3"))
    recorder.submit(recorder.request("killed", 1, "kill -9 $$"))
    long = recorder.submit(recorder.request("cancelled", 60))
    recorder.submit(replace(recorder.request("limited", 60), tasks=6, account="school2"))
    held = recorder.submit(replace(recorder.request("held", 1), hold=True))
    dropped = recorder.submit(replace(recorder.request("dropped", 1), hold=True))
    whole = recorder.submit(replace(recorder.request("whole", 60), gres="gpu:2", tasks=1))
    time.sleep(4)
    recorder.ask("scancel", f"{long}_1", dropped)
    time.sleep(4)
    recorder.record("queue", "squeue", *arguments.queue(USER))
    recorder.record("queue-absent", "squeue", *arguments.queue(USER, "absent"))
    names = ["good", "exit-three", "killed", "cancelled", "limited", "held", "dropped", "whole"]
    since = time.time() - 3600
    recorder.record("history", "sacct", *arguments.history(USER, names, since))
    recorder.record("history-absent", "sacct", *arguments.history(USER, ["absent"], since))
    recorder.record("nodes", "scontrol", "--details", "--oneliner", "show", "nodes")
    recorder.record("config", "scontrol", "show", "config")
    recorder.record("entities", "sacctmgr", *ENTITIES)
    recorder.book()
    recorder.record("reservations", "scontrol", "--oneliner", "show", "reservations")
    form = f"format=Account,ParentName,User,QOS,{LIMITS}"
    recorder.record("accounts", "sacctmgr", "--parsable2", "show", "associations", form)
    recorder.record("ping", "scontrol", "ping")
    recorder.record("version", "sbatch", "--version")
    recorder.record("submission", "sbatch", *arguments.submission(recorder.request("last", 1)))
    for job in (long, held, whole, *re.findall(r"^(\d+)\|", _limited(recorder), re.MULTILINE)):
        recorder.ask("scancel", job)


def _limited(recorder: Recorder) -> str:
    return recorder.ask("squeue", *arguments.queue(USER, "limited")).stdout


if __name__ == "__main__":
    main()
