"""One way to Slurm, asked again and again as the agent asks it.

Reads a line `{"slurm": settings of [slurm], "what": "alive" or "submit", "rounds", "request"}` from
stdin, asks once to warm up, prints a line when it is ready and waits for the next one. Then it
prints `{"way", "seconds": [of each round], "tasks": seen in the last one}` and waits for the end of
its input, so that what it used can be read.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal.config import Slurm
from portal.scheduler import ArrayRequest, Scheduler, open_scheduler

PATHS = ("conf", "pyslurm")


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    told = wanted["slurm"]
    paths = {name: Path(told[name]) for name in PATHS if told.get(name)}
    scheduler = open_scheduler(Slurm(**{**told, **paths}))
    ask = {"alive": _alive, "submit": _submit}[wanted["what"]](scheduler, wanted["request"])
    # The first answer brings a worker, a token or a version of the API with it.
    scheduler.alive()
    way = scheduler.way()
    print("ready", flush=True)
    sys.stdin.readline()
    seconds, tasks = [], 0
    for _ in range(wanted["rounds"]):
        begun = time.perf_counter()
        tasks = ask()
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"way": way, "seconds": seconds, "tasks": tasks}), flush=True)
    sys.stdin.readline()


def _alive(scheduler: Scheduler, _: dict[str, Any]) -> Callable[[], int]:
    return lambda: len(scheduler.alive().tasks)


def _submit(scheduler: Scheduler, request: dict[str, Any]) -> Callable[[], int]:
    paths = {name: Path(request[name]) for name in ("script", "workdir")}

    def submit() -> int:
        scheduler.submit(ArrayRequest(**{**request, **paths}, name=f"bench-{uuid.uuid4()}"))
        return int(request["tasks"])

    return submit


if __name__ == "__main__":
    main()
