"""What became of one way to Slurm on one version: read from what pytest reported."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Where the tests of each way are. Those of slurmrestd say which version of its API they used.
MODULES: Mapping[str, str] = {
    "tests.scheduler.test_memory": "memory",
    "tests.scheduler.test_live": "commands",
    "tests.scheduler.test_pyslurm_live": "pyslurm",
    "tests.scheduler.test_rest_live": "rest",
}
AGREED = "rest, as agreed"
_API = re.compile(r"[\[-](v\d+\.\d+\.\d+)[\]-]")


@dataclass(frozen=True, slots=True)
class Cell:
    """How many tests passed and failed, and why others (or all) were not run."""

    passed: int = 0
    failed: tuple[str, ...] = ()
    not_run: int = 0
    why: str = ""

    @property
    def ran(self) -> bool:
        return bool(self.passed or self.failed)

    def __str__(self) -> str:
        if not self.ran:
            return "not run"
        word = f"failed {len(self.failed)} of" if self.failed else "passed"
        return f"{word} {self.passed + len(self.failed)}" + (
            f", not run {self.not_run}" if self.not_run else ""
        )


def read(report: Path) -> dict[str, Cell]:
    """The cells of one version, by the way's name, from pytest's JUnit file."""
    passed: Counter[str] = Counter()
    failed: dict[str, list[str]] = {}
    skipped: dict[str, list[str]] = {}
    # The file is pytest's, written a moment ago by our own run.
    for case in ET.parse(report).iter("testcase"):  # noqa: S314
        way = _way(case)
        if case.find("failure") is not None or case.find("error") is not None:
            failed.setdefault(way, []).append(case.get("name", ""))
        elif (skip := case.find("skipped")) is not None:
            skipped.setdefault(way, []).append(skip.get("message", ""))
        else:
            passed[way] += 1
    return {
        way: Cell(
            passed[way],
            # A test can fail and then fail again when it is taken down.
            tuple(dict.fromkeys(failed.get(way, []))),
            len(skipped.get(way, [])),
            "; ".join(dict.fromkeys(skipped.get(way, []))),
        )
        for way in dict.fromkeys([*passed, *failed, *skipped])
    }


def _way(case: ET.Element) -> str:
    where = case.get("classname", "")
    module = next((name for name in MODULES if where == name or where.startswith(name + ".")), "")
    way = MODULES.get(module, where)
    if way != "rest":
        return way
    api = _API.search(case.get("name", ""))
    return f"rest {api[1]}" if api else AGREED
