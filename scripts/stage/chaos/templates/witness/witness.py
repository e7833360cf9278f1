"""Does as it is told, and tells a ledger that it has begun and how it ended."""

import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime import Run, run_program

MEMORY = 400 * 1024 * 1024
# <data root>/runs/<aa>/<run>/attempt-<N>: the ledger lies beside the data root.
LEVELS_TO_THE_SITE = 4


class Ledger:
    """Lines that are appended whole, by as many programs at once as there are."""

    def __init__(self, attempt: Path) -> None:
        self._file = attempt.parents[LEVELS_TO_THE_SITE] / "witness" / "ledger.jsonl"
        self._who = {"run": attempt.parent.name, "attempt": int(attempt.name.split("-")[1])}

    def write(self, event: str, code: "int | None" = None) -> None:
        """One line, in one write to a file opened for appending."""
        task = f"{os.environ.get('SLURM_ARRAY_JOB_ID')}_{os.environ.get('SLURM_ARRAY_TASK_ID')}"
        line = {**self._who, "event": event, "code": code, "job": task, "at": time.time()}
        body = json.dumps({**line, "node": os.environ.get("SLURMD_NODENAME")}) + "\n"
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, body.encode())
        os.close(descriptor)


def witness(run: Run) -> None:
    """Begins, does what it was told, and leaves results unless it was told to fail."""
    act, until = run.parameters["act"], time.monotonic() + int(run.parameters["tenths"]) / 10
    ledger = Ledger(run.out)
    ledger.write("begin")
    if act == "deaf":
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
    eaten = bytearray(b"x") * MEMORY if act == "eat" else bytearray()
    run.report.stage("training")
    while act in ("eat", "over") or time.monotonic() < until:
        time.sleep(0.05)
    del eaten
    if act == "fail":
        ledger.write("end", 3)
        os._exit(3)
    run.report.metric(step=1, accuracy=1.0)
    run.save_json("labels.json", ["one", "two"], "labels")
    run.save_bytes("model.onnx", b"no model", "model")
    run.save_bytes("report.html", b"<!doctype html><title>witnessed</title>", "report")
    run.headline(accuracy=1.0)


def main() -> int:
    """The frame's exit code, written down after the frame has written its own word."""
    code = run_program(witness)
    out = Path(sys.argv[sys.argv.index("--out") + 1]).resolve()
    Ledger(out).write("end", code)
    return code


if __name__ == "__main__":
    sys.exit(main())
