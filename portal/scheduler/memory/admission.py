"""What the simulated controller says to a submission before anything waits."""

from __future__ import annotations

from portal.language import N_
from portal.scheduler.errors import NotPermitted, Rejected
from portal.scheduler.memory.machine import Need
from portal.scheduler.memory.simulation import Simulation, licenses
from portal.scheduler.protocol import ArrayRequest

MAX_ARRAY_SIZE = 1001


def not_let_in(words: str) -> NotPermitted:
    """The no of a controller that does not know the service user there."""
    sentence = N_("The computing centre does not let this work in; its staff can open it.")
    return NotPermitted(sentence, words=words)


def admitted(simulation: Simulation, request: ArrayRequest) -> Need:
    """What each task needs. Raises `NotPermitted` or `Rejected` for what could never start."""
    if not simulation.ledger.admits(request.account, request.partition):
        raise not_let_in(f"Invalid account: {request.account}")
    simulation.bookings.admit(request, simulation.now)
    licensed = all(simulation.licenses[n] >= c for n, c in licenses(request).items())
    need = Need.of(request.gres, request.cpus, request.memory_mb)
    fits = need is not None and any(machine.could(need) for machine in simulation.machines)
    if need is None or not fits or not licensed or request.tasks > MAX_ARRAY_SIZE:
        raise Rejected(
            N_("The computing centre cannot do this piece of work."),
            words="Requested node configuration is not available",
        )
    return need
