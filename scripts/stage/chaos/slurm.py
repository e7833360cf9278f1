"""Slurm's daemons and jobs, and the means to hurt them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stage import cluster, daemons, processes
from stage.checkout import StageError
from stage.plan import ClusterPlan
from stage.processes import Process
from stage.slurm import answer

PATIENCE_S = 90.0
URGENT = "urgent"


@dataclass(frozen=True)
class Slurm:
    """One cluster, by its staff's hands."""

    plan: ClusterPlan

    def command(self, *words: str) -> str:
        """What one of Slurm's commands prints for root; nothing where it fails."""
        return answer(self.plan, words, patience_s=30)

    def send(self, daemon: str, number: signal.Signals) -> None:
        """A signal to slurmctld, slurmdbd, slurmd-g1 and so on; nothing where it does not run."""
        process = daemons.running(self.plan).get(daemon)
        if process is not None:
            processes.send(process, number)

    def kill(self, daemon: str) -> None:
        """SIGKILL; returns once it has gone."""
        self.send(daemon, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while daemon in daemons.running(self.plan):
            if time.monotonic() > deadline:
                raise StageError(f"{daemon} cannot be killed")
            time.sleep(0.005)

    def start(self, daemon: str) -> None:
        """Start it unless it runs; returns at once."""
        if daemon not in daemons.running(self.plan):
            daemons.start(self.plan, daemon)

    def await_controller(self) -> None:
        """Until slurmctld answers."""
        self._await(lambda: "is UP" in self.command("scontrol", "ping"), "slurmctld")

    def await_nodes(self) -> None:
        """Until every daemon runs and every node takes jobs."""
        try:
            self._await(self._is_whole, "the cluster")
        except StageError as late:
            raise StageError(f"{late}: {'; '.join(cluster.faults(self.plan))}") from late

    def resume_drained(self) -> None:
        """Staff take back into service what Slurm has drained.

        It drains a node that has a job of an id that was given out again ("Duplicate jobid"), and
        leaves it so for ever.
        """
        drained = self.command("sinfo", "--noheader", "--Node", "--states=drain", "--format=%N")
        if names := sorted(set(drained.split())):
            self.command("scontrol", "update", f"NodeName={','.join(names)}", "State=RESUME")

    def kill_node(self, node: str) -> None:
        """A node's daemon, its job steps and its jobs, all at once; returns once they have gone."""
        family = [
            process
            for process in daemons.belonging(self.plan)
            if process.environment.get("SLURMD_NODENAME") == node
            or f"-N\0{node}" in "\0".join(process.arguments)
            or (process.title == "slurmstepd" and f"/{node}" in " ".join(process.open_files()))
        ]
        for process in family:
            processes.send(process, signal.SIGKILL)
        # A daemon that is still on its way out would pass for one that need not be started.
        self._await(lambda: not any(map(_lives, family)), f"the end of {node}")

    def tasks(self, name: str) -> list[str]:
        """The running tasks of one array as Slurm's commands name them: 12_0."""
        rows = self.command(
            "squeue", "--noheader", "--array", f"--name={name}", "--states=RUNNING", "--format=%i"
        )
        return rows.split()

    def jobs(self) -> Iterator[tuple[str, int, str]]:
        """Every task of an array that the controller still has: its job's name, place and state."""
        asked = ("squeue", "--noheader", "--array", "--states=all", "--format=%K|%T|%j")
        for line in self.command(*asked).splitlines():
            place, state, name = line.split("|", 2)
            if place.isdigit():
                yield name, int(place), state

    def node_of(self, task: str) -> str:
        """The node that a task runs on; "" for none."""
        return self.command("squeue", "--noheader", f"--jobs={task}", "--format=%N").strip()

    def make_urgent(self, account: str) -> None:
        """A QOS of the account's that takes nodes from those who have the QOS `class`."""
        for words in (
            ("add", "qos", URGENT, "Preempt=class", "Priority=100"),
            ("modify", "qos", URGENT, "set", "Preempt=class", "Priority=100"),
            ("modify", "account", account, "set", f"QOS=normal,class,{URGENT}"),
        ):
            # It ends with 1 where nothing changes.
            self.command("sacctmgr", "--immediate", *words)

    def take(self, node: str, seconds: int, account: str) -> None:
        """Other work takes the whole node for a while, at the cost of what runs there."""
        self.command(
            "sbatch",
            f"--account={account}",
            f"--qos={URGENT}",
            "--exclusive",
            f"--nodelist={node}",
            "--output=/dev/null",
            "--time=1",
            f"--wrap=sleep {seconds}",
        )

    def fill(self, jobs: int, account: str) -> None:
        """Other people's jobs, that take ids."""
        for _ in range(jobs):
            self.command(
                "sbatch",
                f"--account={account}",
                "--mem=10M",
                "--output=/dev/null",
                "--time=1",
                "--wrap=true",
            )

    def keep_state(self, copy: Path) -> None:
        """A copy of StateSaveLocation as it is now."""
        shutil.rmtree(copy, ignore_errors=True)
        # Files come and go while slurmctld writes; whatever can be read is what a backup has.
        command = ["cp", "--archive", str(self.plan.folder / "state"), str(copy)]
        subprocess.run(command, capture_output=True, check=False)

    def restore_state(self, copy: Path) -> None:
        """That copy in place of what slurmctld saved since."""
        state = self.plan.folder / "state"
        shutil.rmtree(state)
        subprocess.run(["cp", "--archive", str(copy), str(state)], check=True)

    def _is_whole(self) -> bool:
        self.resume_drained()
        return not cluster.faults(self.plan)

    def _await(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not ready():
            if time.monotonic() > deadline:
                raise StageError(f"{what} has not come within {PATIENCE_S:.0f} s")
            time.sleep(0.1)


def _lives(process: Process) -> bool:
    now = processes.read_process(process.pid)
    return now is not None and now.started == process.started
