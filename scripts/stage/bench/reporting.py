"""Runs that report as if they trained: the process that writes for them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stage import services
from stage.bench.contenders import PROGRAMS
from stage.checkout import ROOT, StageError


@dataclass(frozen=True)
class Written:
    """How many reports there were, how late one was at most, and what they cost, in seconds."""

    reports: int
    late_s: float
    cpu_s: float


class Writer:
    """The process that writes."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders = orders
        self._answers = answers

    def heard(self) -> str:
        """Its next line. Raises StageError where there will be none."""
        line = self._answers.readline()
        if not line:
            raise StageError("whoever writes the reports has gone")
        return line

    def end(self) -> Written:
        """Stop it; what it has done."""
        self._orders.close()
        return Written(**json.loads(self.heard()))


@contextmanager
def writing(
    folders: Sequence[Path],
    every_s: float,
    epoch: float,
    *,
    environment: Mapping[str, str],
    user: str | None = None,
) -> Iterator[Writer]:
    """Let the runs whose attempts have these folders report, each once in `every_s`, as `user`.

    Their accuracy is when they did: kiloseconds since `epoch` (UTC seconds).
    """
    wanted = {
        "templates": str(ROOT / "job_templates"),
        "folders": list(map(str, folders)),
        "every_s": every_s,
        "epoch": epoch,
    }
    with subprocess.Popen(
        [str(services.PYTHON_BIN / "python"), str(PROGRAMS / "reports.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        env=environment,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise StageError("whoever writes the reports cannot be spoken to")
        writer = Writer(process.stdin, process.stdout)
        try:
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            writer.heard()
            yield writer
        finally:
            process.kill()
