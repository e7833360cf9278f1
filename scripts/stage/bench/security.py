"""What tries to break in: a table of rows, each with its tries and its failures."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stage.checkout import ROOT, StageError
from stage.security.rows import ROWS, Row
from stage.services import PYTHON_BIN

PATIENCE_S = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="a small number of tries each")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"default: all: {', '.join(ROWS)}")


def run(options: argparse.Namespace) -> int:
    chosen = options.rows.split(",")
    unknown = [name for name in chosen if name not in ROWS]
    if unknown:
        raise StageError(f"there is no row {unknown[0]!r}: {', '.join(ROWS)}")
    found = _rows(chosen, quick=options.quick)
    print(f"\n{'row':<14}{'tries':>9}{'failures':>10}{'seconds':>9}  what was tried")
    for name, row in found.items():
        figures = f"{row['tries']:>9,}{row['failures']:>10,}{row['seconds']:>9.1f}"
        print(f"{name:<14}{figures}  {ROWS[name].purpose}")
        if row["seen"]:
            seen = ", ".join(f"{words} {number}" for words, number in row["seen"].items())
            print(f"{'':<44}{seen}")
        for words in row["words"]:
            print(f"{'':<14}  FAILED: {words}")
    sums = {of: sum(row[of] for row in found.values()) for of in ("tries", "failures")}
    print(json.dumps({**sums, "quick": options.quick, "rows": found}))
    wrong = [name for name, row in found.items() if row["failures"]]
    if wrong:
        raise StageError(f"something came through: {', '.join(wrong)}")
    return 0


def _rows(chosen: Sequence[str], *, quick: bool) -> dict[str, dict[str, Any]]:
    """One row after the other; those that wait most of the time, beside those that compute."""
    lanes = [[name for name in chosen if ROWS[name].waits is waits] for waits in (True, False)]

    def one(lane: list[str]) -> dict[str, dict[str, Any]]:
        return {name: _row(name, ROWS[name], quick=quick) for name in lane}

    with ThreadPoolExecutor(len(lanes)) as pool:
        waited, computed = pool.map(one, lanes)
    found = waited | computed
    return {name: found[name] for name in chosen}


def _row(name: str, row: Row, *, quick: bool) -> dict[str, Any]:
    """One row in a process of its own. One that breaks off is a failure like another."""
    tries = row.quick if quick else row.tries
    print(f"{name}: {row.purpose}{f', {tries:,} tries' if tries else ''}", file=sys.stderr)
    begun = time.monotonic()
    done = subprocess.run(
        [str(PYTHON_BIN / "python"), "-m", "stage.security", name, str(tries)],
        env={
            **{"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            # The populated portal that the tests of the pages look at is attacked here, too.
            "PYTHONPATH": f"{ROOT}/scripts:{ROOT}",
        },
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    seconds = round(time.monotonic() - begun, 1)
    if done.returncode != 0:
        words = [f"the row broke off with exit status {done.returncode}"]
        return {"tries": 0, "failures": 1, "words": words, "seen": {}, "seconds": seconds}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    # Whoever stops the others keeps what this one has shown.
    told = f"{found['tries']:,} tries, {found['failures']:,} failures, {seconds:.1f} s"
    print("\n  ".join([f"{name}: {told}", *found["words"]]), file=sys.stderr)
    return {**found, "seconds": seconds}
