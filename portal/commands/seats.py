"""A lesson's seats on a terminal."""

from __future__ import annotations

from typing import Any

from portal.commands.table import table

LEVELS = "▁▂▃▄▅▆▇"
MARKS = {"succeeded": "█", "failed": "x", "lost": "?", "cancelled": "-", "empty": " "}


def seats_table(lesson: dict[str, Any]) -> str:
    """The lesson's id, and a line for each seat."""
    rows = [
        (
            seat["number"],
            seat["state"],
            seat["accuracy"],
            _seconds(seat["waited_s"]),
            _seconds(seat["trained_s"]),
            seat["slurm_job"],
            (seat["reason"] or {}).get("code"),
        )
        for seat in lesson["seats"]
    ]
    head = ("seat", "state", "accuracy", "waited", "trained", "job", "reason")
    return f"lesson {lesson['id']}\n{table(head, rows)}"


def strip(lesson: dict[str, Any]) -> str:
    """The class in one line: a character for each seat, as high as its training has come."""
    return "".join(map(_mark, lesson["seats"]))


def _mark(seat: dict[str, Any]) -> str:
    if seat["state"] in ("running", "finishing"):
        return LEVELS[min(int((seat["fraction"] or 0.0) * len(LEVELS)), len(LEVELS) - 1)]
    return MARKS.get(seat["state"], "·")


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f} s"
