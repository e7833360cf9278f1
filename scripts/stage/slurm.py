"""Slurm's own commands, as somebody on the cluster types them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

from stage import daemons, debian
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan

PATIENCE_S = 600.0
_PERSON = {"user": SERVICE_USER, "group": SERVICE_USER, "extra_groups": ()}


def as_root(plan: ClusterPlan, command: Sequence[str], patience_s: float = PATIENCE_S) -> str:
    """What it prints for staff. Raises StageError with the end of its complaint."""
    return _checked(command, _done(plan, command, patience_s))


def as_service_user(plan: ClusterPlan, command: Sequence[str], typed: str = "") -> str:
    """The same for the user whom the portal is; `typed` is its standard input."""
    return _checked(command, _done(plan, command, PATIENCE_S, typed=typed, **_PERSON))


def answer(plan: ClusterPlan, command: Sequence[str], patience_s: float = 15.0) -> str:
    """What it prints for root, or nothing where it fails or says nothing in so many seconds."""
    try:
        done = _done(plan, command, patience_s)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _done(
    plan: ClusterPlan,
    command: Sequence[str],
    patience_s: float,
    *,
    typed: str = "",
    **person: Any,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        debian.inside(plan.debian, list(command), person.get("user")),
        input=typed,
        env=daemons.environment(plan),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=patience_s,
        # In another Debian it is root who enters, and the user is changed in there.
        **({} if plan.debian else person),
    )


def _checked(command: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise StageError(f"{' '.join(command[:3])}: {said[-1]}")
    return done.stdout
