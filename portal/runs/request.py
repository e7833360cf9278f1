"""A run that is asked for, and the waiting run that it becomes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.runs.plan import Plan, Wish
from portal.runs.states import RunState
from portal.store.tables import Run

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run that is asked for.

    `data` is a data set's id or name. None for share or minutes asks for the template's default.
    A seat may leave template, data and share empty: they are those of its lesson.
    """

    template: str
    data: str
    share: int | None
    parameters: Mapping[str, Any]
    language: str
    minutes: int | None = None
    lesson_id: str | None = None

    @property
    def wish(self) -> Wish:
        """What to train, whatever it belongs to."""
        return Wish(
            template=self.template,
            data=self.data,
            share=self.share,
            parameters=self.parameters,
            language=self.language,
            minutes=self.minutes,
        )


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
