"""Why seats of a lesson wait, in one sentence for the teacher."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from portal.language import N_, Message
from portal.lessons.shares import Shares
from portal.lessons.tiles import TRAINING, Tile
from portal.runs.reasons import REASONS
from portal.runs.states import RunState

# Longer than any round of a healthy agent, shorter than a teacher's patience.
SILENCE_S = 30.0
ROUND_S = 10
WAITING = frozenset({RunState.WAITING, RunState.SUBMITTED})

FOR_TEACHERS = {
    "waiting-for-school-hours": N_(
        "Your school has used up its share-hours of this month."
        " The centre's staff can give it more."
    ),
    "waiting-for-priority": N_("They are in the queue and start within seconds."),
    "waiting-for-node": N_("The computers are being made ready."),
    "waiting-for-reservation": N_("The computers are booked and not free before their time."),
    "held-by-staff": N_("The centre has put them on hold. Please call its staff."),
    "starting": N_("The computers are getting ready."),
    "requeued": N_("A computer had a problem. They start again by themselves."),
    "no-answer-from-slurm": N_(
        "The centre's scheduler does not answer just now. They start by themselves."
    ),
}
SILENT = N_("The portal has not heard from the centre for a while. They start by themselves.")


def because(
    tiles: Sequence[Tile], shares: Shares, slurm_age_s: float | None, now: float
) -> Message | None:
    """Why the waiting ones of these tiles wait; None where none does."""
    waiting = [tile for tile in tiles if tile.state in WAITING]
    if not waiting:
        return None
    longest = max(tile.waited_s or 0.0 for tile in waiting)
    # The agent asks Slurm nothing while nothing is alive, so an old answer alone is no silence.
    if min(math.inf if slurm_age_s is None else slurm_age_s, longest) > SILENCE_S:
        return SILENT
    codes = Counter(tile.reason_code for tile in waiting if tile.reason_code is not None)
    if not codes:
        return None
    # Of equally many the first by name, so that two snapshots of one moment say the same.
    code = min(codes, key=lambda code: (-codes[code], code))
    ends = [t.ends_about for t in tiles if t.state in TRAINING and t.ends_about is not None]
    free_about = min(ends, default=None)
    if code == "waiting-for-school-share" and shares.school_limit is not None:
        said = _of_school(shares.used_by_school, shares.school_limit, codes[code])
        return said if free_about is None else _until(said, free_about, now)
    if code == "waiting-for-share" and shares.capacity is not None:
        return _of_centre(shares.capacity, free_about, now)
    if code in FOR_TEACHERS:
        return FOR_TEACHERS[code]
    return REASONS[code].child if code in REASONS else None


def _of_school(used: int, limit: int, seats: int) -> Message:
    if used < limit:  # what is left is too little for these, or others have what is not its own
        return N_(
            "Your school uses {used} of its {limit} shares. Others start as soon as there is room.",
            used=used,
            limit=limit,
        )
    if seats == 1:
        return N_("Your school is using all {limit} of its shares; one seat waits.", limit=limit)
    return N_(
        "Your school is using all {limit} of its shares; {seats} seats wait.",
        limit=limit,
        seats=seats,
    )


def _until(said: Message, free_about: float, now: float) -> Message:
    return N_(
        "{why} The next share is free in about {seconds} s.",
        why=said,
        seconds=_rounded(free_about - now),
    )


def _of_centre(capacity: int, free_about: float | None, now: float) -> Message:
    if free_about is None:
        return N_("All {capacity} shares of the centre are in use.", capacity=capacity)
    return N_(
        "All {capacity} shares of the centre are in use; the next one is free in about"
        " {seconds} s.",
        capacity=capacity,
        seconds=_rounded(free_about - now),
    )


def _rounded(seconds: float) -> int:
    """A guess that does not pretend to be exact, and that never says zero."""
    return max(ROUND_S, math.ceil(seconds / ROUND_S) * ROUND_S)
