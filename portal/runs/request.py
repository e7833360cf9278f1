"""A run that is asked for, and the waiting run that it becomes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from portal.runs.plan import Plan, Wish
from portal.runs.states import RunState
from portal.store.tables import Run

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class RunRequest(Wish):
    """A run that is asked for, in a lesson or in none.

    A seat may leave template, data and share empty: they are those of its lesson.
    """

    lesson_id: str | None = None


def new_run(plan: Plan, *, owner_id: str, seed: int, now: float) -> Run:
    """A waiting run of a plan; whoever asks adds what it belongs to."""
    return Run(
        owner_id=owner_id,
        template=plan.template.name,
        template_version=plan.template.version,
        data_set=plan.data_set,
        parameters=plan.parameters,
        language=plan.language,
        seed=seed,
        eighths=plan.eighths,
        minutes=plan.minutes,
        state=RunState.WAITING.value,
        created_at=now,
    )


def any_seed() -> int:
    """Where a run's chance begins."""
    return secrets.randbelow(LARGEST_SEED)
