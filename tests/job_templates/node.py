"""A node without Slurm: a data root with one batch, and launch.py started in it as job.sh does."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATES = REPOSITORY / "job_templates"
ENVIRONMENT = REPOSITORY / "var" / "environments" / "xedu"
VENV = {"name": "xedu", "kind": "venv", "path": str(ENVIRONMENT)}
PLAIN = {"name": "plain", "kind": "plain", "python": "python3"}
RUN = "3f2a0c1d-run"


@dataclass
class Node:
    """One run in one batch below a data root; `start()` is the job."""

    root: Path
    templates: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def batch(self) -> Path:
        return self.root / "batches" / "b1"

    @property
    def run(self) -> Path:
        return self.root / "runs" / RUN[:2] / RUN

    @property
    def attempt(self) -> Path:
        return self.run / "attempt-1"

    def prepare(self, program: str, /, *, data: Path | None = None, **over: Any) -> None:
        """Writes what the agent would."""
        self.batch.mkdir(parents=True)
        self.run.mkdir(parents=True)
        (self.batch / "program").symlink_to(self.templates)
        tasks = {"0": {"run": RUN, "folder": f"../../runs/{RUN[:2]}/{RUN}", "attempt": 1}}
        text = json.dumps({"version": 1, "batch": "b1", "tasks": tasks})
        (self.batch / "tasks.json").write_text(text)
        folder = os.path.relpath(data or self.root, self.run)
        description = {
            "version": 1,
            "run": RUN,
            "template": program.partition("/")[0],
            "program": program,
            "parameters": {},
            "data": {"kind": "table", "folder": folder, "sha256": "0" * 64, "name": "real data"},
            "environment": PLAIN,
            "share": {"eighths": 1, "memory_fraction": 0.125, "cores": 1},
            "language": "zh",
            "seed": 12345,
            "seat": {"number": 7, "class": "7(2)"},
        }
        (self.run / "run.json").write_text(json.dumps(description | over))

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the constant script as Slurm would, with a job's few variables."""
        output = (self.batch / "slurm-0.out").open("wb")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "SLURM_ARRAY_JOB_ID": "41",
            "SLURM_ARRAY_TASK_ID": "0",
            "SLURM_JOB_ID": "42",
        }
        with output:
            return subprocess.Popen(
                [self.batch / "program" / "runtime" / "job.sh"],
                cwd=self.batch,
                env=environ | self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def work(self, seconds: float = 120) -> tuple[int, str]:
        """Runs the job to its end: its exit code and what it printed."""
        code = self.start().wait(seconds)
        return code, (self.batch / "slurm-0.out").read_text()

    def status(self) -> dict[str, Any]:
        """The job's own word."""
        status: dict[str, Any] = json.loads((self.attempt / "status.json").read_text())
        return status
