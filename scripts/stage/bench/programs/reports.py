"""Writes what so many jobs would report while they train, by the runtime's own hand.

Reads `{"templates": where the runtime is, "folders": of attempts, "every_s": 2, "epoch": UTC
seconds}` from stdin and works until stdin ends; then it prints `{"reports", "late_s", "cpu_s"}`.
Each run reports once in `every_s`, at a moment of its own. Its accuracy is the time of the report:
kiloseconds since `epoch`, so that whoever sees it knows how old it is.
"""

from __future__ import annotations

import json
import random
import select
import sys
import time
from pathlib import Path
from typing import Any

STEPS = 100_000


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    sys.path.insert(0, wanted["templates"])
    from runtime.reporter import Reporter

    reporters: list[Any] = []
    for name in wanted["folders"]:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        reporters.append(Reporter(folder))
        reporters[-1].stage("training")
    random.Random(1).shuffle(reporters)  # noqa: S311 - not one class after the other
    print("ready", flush=True)
    begun, writes, late_s = time.monotonic(), 0, 0.0
    pace_s = wanted["every_s"] / len(reporters)
    while not select.select([sys.stdin], [], [], 0)[0]:
        due_s = begun + writes * pace_s
        wait_s = due_s - time.monotonic()
        if wait_s > 0:
            # Not for each of thousands a second: they are written a handful at a time.
            time.sleep(max(wait_s, 0.005))
            continue
        late_s = max(late_s, -wait_s)
        report, step = reporters[writes % len(reporters)], 1 + writes // len(reporters)
        now = (time.time() - wanted["epoch"]) / 1000
        report.metric(step=step, train_loss=1 / step, train_accuracy=now, accuracy=now)
        report.progress(step=step, steps=STEPS, epoch=step / 100, epochs=STEPS // 100)
        writes += 1
    done = {"reports": writes, "late_s": round(late_s, 3), "cpu_s": time.process_time()}
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
