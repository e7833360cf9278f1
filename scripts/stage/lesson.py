"""A lesson as it is watched from a terminal: bars while it works, a table at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from stage.client import Portal

EVERY_S = 1.0
LINE_EVERY_S = 5.0
# In the order of a run's life, each with the sign that it has in the bar.
SIGNS: Mapping[str, str] = {
    "succeeded": "█",
    "finishing": "▓",
    "running": "▒",
    "submitted": "░",
    "waiting": "·",
    "failed": "✗",
    "cancelled": "✗",
    "lost": "?",
}

Lesson = Mapping[str, Any]


def follow(portal: Portal, lesson_id: str, *, out: TextIO = sys.stdout) -> Lesson:
    """Watch until every seat has ended; the lesson as it is then.

    On a terminal one line is drawn again and again; elsewhere a line is printed now and then.
    """
    begun = next_line = time.monotonic()
    terminal = out.isatty()
    while True:
        lesson = portal.get(f"/lessons/{lesson_id}")
        now, over = time.monotonic(), not lesson["live"]
        line = f"{now - begun:6.1f} s  {progress(lesson)}"
        if terminal:
            print(f"\r\033[K{line}", end="\n" if over else "", file=out, flush=True)
        elif over or now >= next_line:
            print(line, file=out, flush=True)
            next_line = now + LINE_EVERY_S
        if over:
            return lesson
        time.sleep(EVERY_S)


def seats_of(lesson: Lesson) -> Sequence[Mapping[str, Any]]:
    """The seats that train; others of the class may have been left out."""
    return [seat for seat in lesson["seats"] if seat["run"]]


def progress(lesson: Lesson) -> str:
    """One line: a sign for every seat, how far the class is, and how many are in which state."""
    seats = seats_of(lesson)
    states = [seat["state"] for seat in seats]
    bar = "".join(sign * states.count(state) for state, sign in SIGNS.items())
    done = sum(1.0 if seat["final"] else seat["fraction"] or 0.0 for seat in seats)
    words = " · ".join(f"{states.count(state)} {state}" for state in SIGNS if states.count(state))
    return f"[{bar}] {done / max(1, len(seats)):4.0%}  {words}"


def table(lesson: Lesson) -> str:
    """A line for each seat: state, accuracy, seconds waited, seconds trained, job in Slurm."""
    head = f"{'seat':>4}  {'state':<10} {'accuracy':>8} {'waited':>8} {'trained':>8}  slurm job"
    return "\n".join([head, *(_row(seat) for seat in seats_of(lesson))])


def _row(seat: Mapping[str, Any]) -> str:
    accuracy = "–" if seat["accuracy"] is None else f"{seat['accuracy']:.1%}"
    reason = f"  {seat['reason']['sentence']}" if seat["reason"] else ""
    return (
        f"{seat['number']:>4}  {seat['state']:<10} {accuracy:>8} {_seconds(seat['waited_s']):>8} "
        f"{_seconds(seat['trained_s']):>8}  {seat['slurm_job'] or '–'}{reason}"
    )


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def summary(lesson: Lesson) -> dict[str, Any]:
    """What scripts want to know; seconds count from the moment the teacher's request was taken."""
    begun, seats = lesson["created_at"], seats_of(lesson)
    started = [seat["started_at"] - begun for seat in seats if seat["started_at"]]
    ended = [seat["ended_at"] - begun for seat in seats if seat["ended_at"]]
    return {
        "seats": len(seats),
        "succeeded": sum(seat["state"] == "succeeded" for seat in seats),
        "slurm_jobs": [seat["slurm_job"] for seat in seats if seat["slurm_job"]],
        "first_running_s": round(min(started), 3) if started else None,
        "last_running_s": round(max(started), 3) if started else None,
        "last_result_s": round(max(ended), 3) if ended else None,
    }
