"""How fast a template has trained on a share: measured, from runs that are over."""

from __future__ import annotations

from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import catalog
from portal.catalog import Template
from portal.runs.states import RunState
from portal.store.tables import Run

# Enough to stand over one slow node, few enough to follow a change of the cluster.
LOOKED_AT = 20


def seconds_per_step(session: Session, template: Template, eighths: int) -> float | None:
    """Median seconds per step of the last good runs; None where there was none.

    Only runs of the same version of the template count, and none that was told to finish early.
    """
    recent = (
        select(Run)
        .where(
            Run.template == template.name,
            Run.template_version == template.version,
            Run.eighths == eighths,
            Run.state == RunState.SUCCEEDED,
            Run.finish_asked_at.is_(None),
            Run.timing.is_not(None),
        )
        .order_by(Run.created_at.desc(), Run.id)
        .limit(LOOKED_AT)
        .options(joinedload(Run.data_set))
    )
    rates = [rate for run in session.scalars(recent) if (rate := _rate(template, run)) is not None]
    return median(rates) if rates else None


def _rate(template: Template, run: Run) -> float | None:
    train_seconds = (run.timing or {}).get("train_seconds")
    if not train_seconds:
        return None
    steps = catalog.steps(template, run.parameters, run.data_set.content.manifest)
    return float(train_seconds / steps)
