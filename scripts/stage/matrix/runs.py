"""One pytest for each version of Slurm, beside each other: most of the time they wait."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stage import cluster, debian
from stage.checkout import ROOT, VAR, StageError
from stage.matrix.cells import Cell, read
from stage.plan import load_plan
from stage.releases import UNDER_TEST, Release, here

FOLDER = VAR / "matrix"
LIVE = ("test_live", "test_pyslurm_live", "test_rest_live")
PYTHON = ROOT / ".venv" / "bin" / "python"
LOOK_S = 15.0
PYSLURM_INSIDE = Path("/opt/pyslurm")
_PERCENT = re.compile(rb"\[\s*(\d+)%\]")


@dataclass(frozen=True)
class Run:
    """The tests of one version, or of none at all (the ways that need no Slurm)."""

    title: str
    process: subprocess.Popen[bytes]
    log: Path
    report: Path

    @classmethod
    def start(cls, title: str, files: Sequence[str], environment: Mapping[str, str]) -> Run:
        FOLDER.mkdir(parents=True, exist_ok=True)
        log, report = FOLDER / f"{title}.log", FOLDER / f"{title}.xml"
        report.unlink(missing_ok=True)
        command = [str(PYTHON), "-m", "pytest", "-q", "--tb=short", "-rfE"]
        command += [
            "-o",
            "junit_family=xunit2",
            "-o",
            f"cache_dir={FOLDER / 'cache'}",
            f"--junitxml={report}",
        ]
        command += [f"tests/scheduler/{name}.py" for name in files]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return cls(title, process, log, report)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def progress(self) -> str:
        found = _PERCENT.findall(self.log.read_bytes())
        return f"{self.title} {int(found[-1]) if found else 0} %"

    def cells(self) -> dict[str, Cell]:
        """What became of it; pytest itself may have failed, too."""
        if self.process.returncode in (0, 1) and self.report.exists():
            return read(self.report)
        words = (self.log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
        return {"pytest": Cell(failed=(words,))}


def name_of(release: Release) -> str:
    """Of the clusters that are started for it: KESUAN_TEST_NAME."""
    return f"m{release.slurm.replace('.', '')}"


def started(release: Release, pyslurm: Path | None, say: Callable[[str], None]) -> Run:
    """Build what is missing, and start the tests on this version; raises StageError."""
    suite = "" if release == here() else release.suite
    if suite:
        debian.build(suite, say)
    environment = {"KESUAN_TEST_NAME": name_of(release), UNDER_TEST: release.slurm}
    # What the machine's own is must not count for another version.
    environment["KESUAN_PYSLURM_PATH"] = str(_seen_inside(suite, pyslurm)) if pyslurm else ""
    return Run.start(release.slurm, LIVE, environment)


def _seen_inside(suite: str, pyslurm: Path) -> Path:
    """Where the version's own processes find a pyslurm that lies anywhere on this machine."""
    if not (pyslurm / "pyslurm").is_dir():
        raise StageError(f"{pyslurm} holds no folder pyslurm")
    if not suite:
        return pyslurm
    place = debian.root(suite) / PYSLURM_INSIDE.relative_to("/")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(pyslurm / "pyslurm", place / "pyslurm")
    return PYSLURM_INSIDE


def wait(runs: Sequence[Run], say: Callable[[str], None]) -> None:
    """Until all have ended, with a line now and then."""
    told = time.monotonic()
    while not all(run.ended for run in runs):
        time.sleep(0.5)
        if time.monotonic() - told > LOOK_S:
            told = time.monotonic()
            say(", ".join(run.progress for run in runs if not run.ended))


def end(runs: Sequence[Run], releases: Sequence[Release]) -> None:
    """Take down what was started, after a Ctrl-C as well."""
    for run in runs:
        if not run.ended:
            run.process.terminate()
    for run in runs:
        run.process.wait()
    for release in releases:
        plan = load_plan(f"{name_of(release)}sched")
        if plan is not None:
            cluster.down(plan)
