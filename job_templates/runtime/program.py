"""The frame around every program: read the run, train, leave a word about how it went."""

from __future__ import annotations

import inspect
import sys
import traceback
from pathlib import Path
from typing import Callable

from runtime.arguments import parse
from runtime.failures import reason_of
from runtime.files import write_json
from runtime.run import Run

OUTCOME = "outcome.json"


def run_program(train: Callable[[Run], None], argv: list[str] | None = None) -> int:
    """Calls `train` with the run that the command line names; returns the exit code.

    Whatever `train` raises becomes a reason code in outcome.json and a traceback in the log.
    """
    folder = Path(inspect.getfile(train)).resolve().parent
    try:
        description, data, out, launched_at = parse(argv, folder)
        run = Run(description, data, out, launched_at)
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit):
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    reason, detail = None, ""
    try:
        run.report.stage("loading")
        train(run)
    except Exception as error:
        traceback.print_exc()
        reason, detail = reason_of(error)
    write_json(out / OUTCOME, run.outcome(reason, detail), durable=True)
    if reason is None and run.metrics:
        print(" ".join(f"{name}={value}" for name, value in run.metrics.items()))
    return 0 if reason is None else 1
