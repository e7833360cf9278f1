"""What each school has running and waiting now, and why: from what the agent wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.language import N_, Message
from portal.people.schools import list_schools
from portal.runs.changes import ENDING_REASONS
from portal.runs.reasons import UNKNOWN
from portal.runs.states import LIVE, RunState
from portal.store.tables import Run, School

TRAINING = frozenset({RunState.RUNNING, RunState.FINISHING})
NOT_SENT = N_("not sent to Slurm yet")
STOPPING = N_("being stopped")
# The sentences of `portal.runs.reasons` are for children; these are for who keeps the cluster.
FOR_STAFF: Mapping[str, Message] = {
    "waiting-for-share": N_("all shares of the centre are in use"),
    "waiting-for-school-share": N_("the school uses all that it may"),
    "waiting-for-school-hours": N_("the school has used up its share-hours of the month"),
    "waiting-for-priority": N_("in the queue behind others"),
    "waiting-for-node": N_("nodes are down or being made ready"),
    "waiting-for-reservation": N_("nodes are reserved for later"),
    "held-by-staff": N_("held, or refused by a rule of the site"),
    "starting": N_("starting"),
    "paused": N_("suspended"),
    "requeued": N_("starts again after a fault"),
    "storage-refuses": N_("the storage does not take it"),
    "no-answer-from-slurm": N_("Slurm does not answer"),
    UNKNOWN: N_("the agent is looking what became of it"),
}


@dataclass(frozen=True)
class Wait:
    """Runs that wait for the same reason, in our words and in Slurm's."""

    runs: int
    why: Message
    slurm_words: str | None


@dataclass
class Standing:
    """One school now. `since` is when the oldest of what waits began to, in UTC seconds."""

    school: School
    nodes: tuple[str, ...]
    limit: int | None
    running: int = 0
    eighths: int = 0
    since: float | None = None
    waits: list[Wait] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """How many runs wait."""
        return sum(wait.runs for wait in self.waits)


def standings(session: Session, view: Mapping[str, Any]) -> list[Standing]:
    """The schools that have something running or waiting, the longest wait first.

    `view` is what the agent last saw of the cluster; one question to the database.
    """
    seen: Mapping[str, Mapping[str, Any]] = view.get("schools", {})
    all_of_them = {
        school.id: Standing(
            school,
            _nodes_of(school, view.get("nodes", ())),
            seen.get(school.slurm_account, {}).get("limit_eighths", school.shares),
        )
        for school in list_schools(session)
    }
    begun = func.min(func.coalesce(Run.submitted_at, Run.created_at))
    by = (Run.school_id, Run.state, Run.reason, Run.slurm_words)
    live = select(*by, func.count(), func.sum(Run.eighths), begun).where(Run.state.in_(LIVE))
    for school_id, state, reason, words, runs, eighths, since in session.execute(
        live.group_by(*by)
    ):
        standing = all_of_them[school_id]
        if state in TRAINING:
            standing.running += runs
            standing.eighths += eighths
        else:
            standing.waits.append(Wait(runs, _why(reason), words))
            standing.since = since if standing.since is None else min(since, standing.since)
    busy = [each for each in all_of_them.values() if each.running or each.waits]
    for each in busy:
        each.waits.sort(key=lambda wait: -wait.runs)
    return sorted(busy, key=lambda each: (each.since is None, each.since or 0.0, each.school.name))


def _why(code: str | None) -> Message:
    if code is None:
        return NOT_SENT
    return STOPPING if code in ENDING_REASONS else FOR_STAFF.get(code, FOR_STAFF[UNKNOWN])


def _nodes_of(school: School, nodes: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        str(node["name"]) for node in nodes if school.slurm_account in (node.get("schools") or {})
    )
