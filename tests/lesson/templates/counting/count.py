"""Counts seconds. Fails on purpose at its first attempt where it is asked to."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime import Run, run_program


def count(run: Run) -> None:
    """One step is one second."""
    seconds = int(run.parameters["seconds"])
    if run.parameters["stumble"] and run.out.name == "attempt-1":
        raise RuntimeError("stumbled, as it was asked to")
    run.report.stage("training")
    for second in range(seconds):
        if run.finish_now:
            break
        time.sleep(1)
        run.report.metric(step=second + 1, accuracy=(second + 1) / (seconds + 1))
        run.report.progress(step=second + 1, steps=seconds)
    run.report.stage("saving")
    run.save_json("labels.json", ["one", "two"], "labels")
    run.save_bytes("model.onnx", b"no model", "model")
    run.save_bytes("report.html", b"<!doctype html><title>counted</title>", "report")
    run.headline(accuracy=1.0)


if __name__ == "__main__":
    sys.exit(run_program(count))
