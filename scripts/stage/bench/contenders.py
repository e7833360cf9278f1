"""What a person could do instead of the portal: sbatch in a loop, arrays, submitit.

All of them ask for what the agent asks for, with the portal's own constant script, as the same
user, and are done when Slurm has acknowledged the last job.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stage import daemons, race, slurm, terminal
from stage.checkout import StageError
from stage.plan import ClusterPlan
from stage.school import SLURM_ACCOUNT
from stage.site import Site

PROGRAMS = Path(__file__).parent / "programs"
MINUTES = 10


@dataclass(frozen=True)
class Field:
    """Where they compete, and for which classes; each account is one class of `seats`."""

    plan: ClusterPlan
    site: Site
    accounts: Sequence[str]
    seats: int

    @property
    def folder(self) -> Path:
        """Where jobs would write."""
        return self.site.folder / "data" / "raw"

    @property
    def script(self) -> Path:
        """The script that the agent submits."""
        published = (self.site.folder / "data" / "programs").iterdir()
        newest = max(published, key=lambda path: path.stat().st_mtime)
        return newest / "runtime" / "job.sh"


def one_by_one(field: Field) -> float:
    """Seconds of a shell's loop with an sbatch for every pupil, school by school."""
    accounts = [account for account in field.accounts for _ in range(field.seats)]
    return _loop(field, accounts, [])


def arrays(field: Field) -> float:
    """Seconds of a shell's loop with an array for every class."""
    return _loop(field, field.accounts, [f"--array=0-{field.seats - 1}"])


def arrays_in_time(field: Field, whole_at_s: Sequence[float]) -> float:
    """Seconds from the first press on, where a class's array goes when its last pupil has pressed.

    `whole_at_s` is when each class was whole, in the order of the accounts.
    """
    command = ["sbatch", *_options(field), f"--array=0-{field.seats - 1}"]
    begun = time.time()
    for at_s, account in sorted(zip(whole_at_s, field.accounts, strict=True)):
        time.sleep(max(0.0, begun + at_s - time.time()))
        slurm.as_service_user(field.plan, [*command, f"--account={account}", str(field.script)])
    return time.time() - begun


def by_submitit(field: Field) -> float:
    """Seconds of submitit with an array for every class, its import and its pickles included."""
    wanted = {
        "folder": str(field.folder / "submitit"),
        "accounts": list(field.accounts),
        "seats": field.seats,
        "minutes": MINUTES,
    }
    begun = time.time()
    said = terminal.python(
        field.site,
        PROGRAMS / "by_submitit.py",
        typed=json.dumps(wanted),
        environment=daemons.environment(field.plan),
    )
    took_s = time.time() - begun
    if len(json.loads(said)["jobs"]) != len(field.accounts) * field.seats:
        raise StageError("submitit has not submitted a job for every pupil")
    return took_s


def _loop(field: Field, accounts: Sequence[str], more: Sequence[str]) -> float:
    words = shlex.join(["sbatch", *_options(field), *more])
    script = shlex.quote(str(field.script))
    loop = f'set -e; number=0; while read -r account; do {words} --account="$account" '
    loop += f'{script} "$((number++))"; done'
    begun = time.time()
    said = slurm.as_service_user(
        field.plan, ["bash", "-c", loop], "".join(f"{name}\n" for name in accounts)
    )
    took_s = time.time() - begun
    if len(said.split()) != len(accounts):
        raise StageError("sbatch has not acknowledged every job")
    return took_s


def _options(field: Field) -> list[str]:
    """The agent's, but for the account."""
    others = [word for word in race.OPTIONS if word != f"--account={SLURM_ACCOUNT}"]
    own = [f"--time={MINUTES}", f"--chdir={field.folder}"]
    return [word for word in others if not word.startswith("--time=")] + own
