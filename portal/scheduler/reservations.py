"""A reservation: a part of the cluster that is kept for some accounts or users. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# Slurm moves a start that has just passed to now, and drops fractions of a second.
_SAME_MOMENT_S = 60.0


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """What to keep free from `starts` to `ends` (seconds since the epoch), and for whom.

    One of the three says how much: `node_count` lets Slurm choose, `nodes` names them ("g[1-2]"),
    `tres` counts resources ("gres/gpu=2"; seen from 24.11 on, and shares cannot be reserved). At
    least one account or user is named; where there are both, a job must match both. `flags` are
    Slurm's words ("FLEX").
    """

    name: str
    starts: float
    ends: float
    accounts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    node_count: int | None = None
    nodes: str | None = None
    tres: str | None = None
    partition: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation that Slurm has; `nodes` is Slurm's list of them, `active` means now."""

    name: str
    starts: float
    ends: float
    active: bool
    accounts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    node_count: int = 0
    nodes: str = ""
    tres: str = ""
    partition: str = ""
    flags: frozenset[str] = frozenset()

    def grants(self, request: ReservationRequest) -> bool:
        """This is what was asked for: for the same people, for all of the time, and enough."""
        return (
            self.name == request.name
            and set(self.accounts) == set(request.accounts)
            and set(self.users) == set(request.users)
            and self.starts <= request.starts + _SAME_MOMENT_S
            and self.ends >= request.ends - _SAME_MOMENT_S
            and self.node_count >= (request.node_count or 0)
            and request.partition in (None, self.partition)
        )
