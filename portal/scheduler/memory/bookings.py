"""Reservations of simulated nodes: whole nodes, for accounts and users. Flags have no effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from portal.language import N_
from portal.scheduler.errors import ChangeRefused, NotPermitted
from portal.scheduler.protocol import ArrayRequest
from portal.scheduler.reservations import Reservation, ReservationRequest

USER = "kesuan"


@dataclass(slots=True)
class Bookings:
    """What is kept free, and for whom, by name."""

    made: dict[str, Reservation] = field(default_factory=dict)

    def at(self, now: float) -> list[Reservation]:
        """Those that are not over."""
        return [
            replace(booking, active=booking.starts <= now)
            for booking in self.made.values()
            if booking.ends > now
        ]

    def keep(self, request: ReservationRequest, now: float, free: Sequence[str]) -> None:
        """Make or replace one; `free` are the nodes on which no work would be in its way."""
        others = [b for b in self.at(now) if b.name != request.name]
        taken = {
            node
            for booking in others
            if booking.starts < request.ends and booking.ends > request.starts
            for node in booking.nodes.split(",")
        }
        open_nodes = [node for node in free if node not in taken]
        wanted = _nodes_of(request, open_nodes)
        if not wanted or not set(wanted) <= set(open_nodes):
            raise ChangeRefused("Requested nodes are busy")
        if request.ends <= now:
            raise ChangeRefused("Invalid time specification")
        self.made[request.name] = Reservation(
            name=request.name,
            starts=max(request.starts, now),
            ends=request.ends,
            active=False,
            accounts=request.accounts,
            users=request.users,
            node_count=len(wanted),
            nodes=",".join(wanted),
            partition=request.partition or "memory",
            flags=frozenset(request.flags),
        )

    def admit(self, request: ArrayRequest, now: float) -> None:
        """Raise `NotPermitted` unless the job may name the reservation that it names."""
        if request.reservation is None:
            return
        booking = next((b for b in self.at(now) if b.name == request.reservation), None)
        if (
            booking is None
            or (booking.accounts and request.account not in booking.accounts)
            or (booking.users and USER not in booking.users)
        ):
            words = "Requested reservation is invalid" if booking is None else "Access denied"
            sentence = N_("The computing centre does not let this work in; its staff can open it.")
            raise NotPermitted(sentence, words=f"{words}: {request.reservation}")

    def why_not(self, request: ArrayRequest, now: float) -> tuple[str, float | None]:
        """Why a job that names a reservation must wait, and until when; "" if it need not."""
        if request.reservation is None:
            return "", None
        booking = self.made.get(request.reservation)
        if booking is None or booking.ends <= now:
            return "ReservationDeleted", None
        return ("Reservation", booking.starts) if booking.starts > now else ("", None)

    def open_to(self, request: ArrayRequest, node: str, now: float) -> bool:
        """A job that starts now may use this node until its time limit."""
        end = now + request.minutes * 60
        here = [
            booking
            for booking in self.at(now)
            if node in booking.nodes.split(",") and booking.starts < end
        ]
        if request.reservation is None:
            return not here
        return any(booking.name == request.reservation for booking in here)

    def moments(self, now: float) -> Iterable[float]:
        """When something changes by itself."""
        for booking in self.at(now):
            yield from (booking.starts, booking.ends)


def _nodes_of(request: ReservationRequest, free: Sequence[str]) -> list[str]:
    if request.nodes is not None:
        return request.nodes.split(",")
    count = request.node_count or 0
    return list(free[:count]) if len(free) >= count else []
