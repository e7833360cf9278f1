"""The schools as staff see them: what each may use, has used, and has running and waiting now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.people.schools import list_schools
from portal.people.viewer import Role
from portal.runs.states import LIVE, RunState
from portal.runs.usage import month_by_school
from portal.store.tables import ClusterView, Run, School, SchoolClass, User

VIEW = "nodes"
TRAINING = frozenset({RunState.RUNNING, RunState.FINISHING})


@dataclass(frozen=True, kw_only=True)
class SchoolRow:
    """One school. `drift` is what Slurm has otherwise; None where the agent has not looked."""

    school: School
    classes: int = 0
    people: int = 0
    running: int = 0
    waiting: int = 0
    share_hours: float = 0.0
    drift: tuple[str, ...] | None = None


def school_rows(session: Session, now: float, zone: ZoneInfo) -> list[SchoolRow]:
    """Every school, by name; five questions to the database, however many schools there are."""
    classes = _counted(session, select(SchoolClass.school_id, func.count()))
    people = _counted(
        session,
        select(User.school_id, func.count()).where(
            User.role.in_((Role.TEACHER, Role.SCHOOL_ADMIN)), User.active, User.left_at.is_(None)
        ),
    )
    live: dict[str, dict[str, int]] = {}
    states = select(Run.school_id, Run.state, func.count()).where(Run.state.in_(LIVE))
    for school_id, state, runs in session.execute(states.group_by(Run.school_id, Run.state)):
        live.setdefault(school_id, {})[state] = runs
    used = month_by_school(session, now, zone)
    seen = session.get(ClusterView, VIEW)
    rows = []
    for school in list_schools(session):
        states_of = live.get(school.id, {})
        running = sum(states_of.get(state, 0) for state in TRAINING)
        rows.append(
            SchoolRow(
                school=school,
                classes=classes.get(school.id, 0),
                people=people.get(school.id, 0),
                running=running,
                waiting=sum(states_of.values()) - running,
                share_hours=used.get(school.id, 0.0),
                drift=drift_of(school, seen),
            )
        )
    return rows


def drift_of(school: School, seen: ClusterView | None) -> tuple[str, ...] | None:
    """What Slurm had otherwise for the school when the agent last looked; None if it never has."""
    if seen is None or "drift" not in seen.view or seen.seen_at < school.created_at:
        return None
    drift: Mapping[str, Sequence[str]] = seen.view["drift"]
    return tuple(drift.get(school.slurm_account, ()))


def _counted(session: Session, counted: Select[*tuple[Any, ...]]) -> dict[str, int]:
    by = counted.selected_columns[0]
    return {row[0]: row[1] for row in session.execute(counted.group_by(by))}
