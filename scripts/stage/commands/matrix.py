"""The command behind ``scripts/test --slurm-matrix``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stage import debian, world
from stage.checkout import StageError
from stage.matrix import runs, table
from stage.matrix.cells import Cell
from stage.matrix.runs import Run
from stage.releases import RELEASES, Release, here

VARIABLE = "KESUAN_PYSLURM_PATH"
NO_PYSLURM = {"26.05": "no release of pyslurm is for Slurm 26.05; 25.11 does not compile there"}


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("matrix: needs root, to start daemons as several users", file=sys.stderr)
        return 1
    world.stop_when_told()
    chosen = [r for r in RELEASES if options.only is None or r.slurm in options.only]
    begun = time.monotonic()
    try:
        columns = _columns(chosen, dict(options.pyslurm))
    except KeyboardInterrupt:
        return 130
    print(f"\nafter {time.monotonic() - begun:.0f} s\n")
    print(table.rendered(columns))
    return 1 if any(cell.failed for column in columns.values() for cell in column.values()) else 0


def _columns(chosen: Sequence[Release], pyslurms: Mapping[str, Path]) -> dict[str, dict[str, Cell]]:
    """Title → way → cell, for every version and for what needs none."""
    all_runs: list[Run] = [Run.start("no-Slurm", ["test_memory"], {})]
    faults: dict[str, str] = {}
    try:
        for release in chosen:
            try:
                pyslurm = pyslurms.get(release.slurm) or _from_environment(release)
                all_runs.append(runs.started(release, pyslurm, _say))
            except StageError as fault:
                faults[release.slurm] = str(fault)
        runs.wait(all_runs, _say)
    finally:
        runs.end(all_runs, chosen)
    columns = {}
    for run in all_runs:
        cells = run.cells()
        held = next((release for release in chosen if release.slurm == run.title), None)
        if held is not None and not cells.get("pyslurm", Cell()).ran:
            cells["pyslurm"] = Cell(why=_why_no_pyslurm(held))
        columns[_title(held)] = cells
        if any(cell.failed for cell in cells.values()):
            print(run.log.read_text(errors="replace"))
    for slurm, words in faults.items():
        columns[f"Slurm {slurm}"] = {"commands": Cell(failed=(f"it was not built: {words}",))}
    return columns


def _title(release: Release | None) -> str:
    if release is None:
        return "no Slurm"
    if release == here():
        return f"Slurm {release.slurm} ({release.suite}, this machine's)"
    return f"Slurm {debian.version(release.suite)} ({release.suite})"


def _why_no_pyslurm(release: Release) -> str:
    known = NO_PYSLURM.get(release.slurm)
    return known or (
        f"no pyslurm was given: --pyslurm {release.slurm}=FOLDER or {_variable(release)} "
        "(docs/pyslurm.md says where it comes from)"
    )


def _from_environment(release: Release) -> Path | None:
    found = os.environ.get(_variable(release))
    if not found and release == here():
        found = os.environ.get(VARIABLE)
    return Path(found) if found else None


def _variable(release: Release) -> str:
    return f"{VARIABLE}_{release.slurm.replace('.', '_')}"


def _say(words: str) -> None:
    print(words, flush=True)


def _pyslurm(text: str) -> tuple[str, Path]:
    slurm, found, folder = text.partition("=")
    if not found or slurm not in [release.slurm for release in RELEASES]:
        raise argparse.ArgumentTypeError("VERSION=FOLDER, as in 24.11=/opt/pyslurm-24.11")
    return slurm, Path(folder).resolve()


def _parser() -> argparse.ArgumentParser:
    known = [release.slurm for release in RELEASES]
    parser = argparse.ArgumentParser(
        prog="test --slurm-matrix", description="The contract of every way, on every Slurm."
    )
    parser.add_argument(
        "--only", action="extend", nargs="+", choices=known, help="these versions (default: all)"
    )
    parser.add_argument(
        "--pyslurm",
        action="append",
        default=[],
        type=_pyslurm,
        metavar="VERSION=FOLDER",
        help=f"a pyslurm that was built for that Slurm; or {VARIABLE}_22_05 and so on",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
