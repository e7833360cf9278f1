"""Orders that may be given twice: look first, change only what differs, look again.

What is the same for every backend of reservations and accounts. A backend brings the way to look
and the way to change; an order whose answer was lost is simply given again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portal.scheduler.accounts import AccountStatus, AccountWish, Change, changes
from portal.scheduler.checks import (
    check_qos_wish,
    check_reservation,
    check_wish,
    checked_account,
)
from portal.scheduler.errors import ChangeRefused, Unavailable
from portal.scheduler.qos import QosStatus, QosWish, qos_changes
from portal.scheduler.reservations import Reservation, ReservationRequest

Reservations = Callable[[], Iterable[Reservation]]
Accounts = Callable[[], Iterable[AccountStatus]]


def reserve(
    request: ReservationRequest,
    look: Reservations,
    create: Callable[[ReservationRequest], None],
    delete: Callable[[str], None],
) -> Reservation:
    """Make a reservation, or find it made.

    Slurm 22.05 grants one node where two were asked for and one is taken (seen): what is less
    than the request is given back.
    """
    check_reservation(request)
    there = _named(request.name, look())
    if there is None:
        create(request)
        there = _made(request, look)
        if there.node_count < (request.node_count or 0):
            delete(request.name)
            raise ChangeRefused(f"only {there.node_count} nodes are free: {there.nodes}")
    elif not there.grants(request):
        raise ChangeRefused(f"there is another reservation {request.name}: {there}")
    return there


def change_reservation(
    request: ReservationRequest,
    look: Reservations,
    update: Callable[[Reservation, ReservationRequest], None],
) -> Reservation:
    """Make the reservation of that name be this."""
    check_reservation(request)
    there = _named(request.name, look())
    if there is None:
        raise ChangeRefused(f"there is no reservation {request.name}")
    update(there, request)
    made = _made(request, look)
    if made.node_count < (request.node_count or 0):
        raise ChangeRefused(f"only {made.node_count} nodes are free: {made.nodes}")
    return made


def apply_account(
    wish: AccountWish,
    user: str,
    look: Accounts,
    change: Callable[[AccountStatus | None, tuple[Change, ...]], None],
) -> tuple[Change, ...]:
    """Change what differs from the wish; nothing is sent where nothing does."""
    check_wish(wish)
    there = next((account for account in look() if account.name == wish.name), None)
    differences = changes(there, wish, user)
    if differences:
        change(there, differences)
    return differences


def apply_qos(
    wish: QosWish,
    look: Callable[[], Iterable[QosStatus]],
    change: Callable[[QosStatus | None], None],
) -> tuple[Change, ...]:
    """Change a QOS that differs from the wish; nothing is sent where none does."""
    check_qos_wish(wish)
    there = next((qos for qos in look() if qos.name == wish.name), None)
    differences = qos_changes(there, wish)
    if differences:
        change(there)
    return differences


def delete_account(name: str, look: Accounts, delete: Callable[[], None]) -> None:
    """Slurm would take the accounts below it along, without a word."""
    checked_account(name)
    accounts = list(look())
    below = sorted(account.name for account in accounts if account.parent == name)
    if below:
        raise ChangeRefused(f"accounts below {name}: {', '.join(below)}")
    if any(account.name == name for account in accounts):
        delete()


def _named(name: str, listed: Iterable[Reservation]) -> Reservation | None:
    # Slurm tells no capitals from small letters in a reservation's name.
    return next((found for found in listed if found.name.lower() == name.lower()), None)


def _made(request: ReservationRequest, look: Reservations) -> Reservation:
    found = _named(request.name, look())
    if found is None:
        raise Unavailable(f"Slurm took the reservation {request.name} and does not show it")
    return found
