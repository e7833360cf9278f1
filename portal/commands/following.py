"""Staying with a run or a lesson until it has ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

from portal.commands.connection import Connection
from portal.commands.seats import strip

EVERY_S = 1.0


def follow_run(connection: Connection, run_id: str) -> dict[str, Any]:
    """The run once it has ended; a line on stderr for every state until then."""
    return _follow(
        lambda: connection.get(f"/runs/{run_id}"),
        lambda run: bool(run["final"]),
        lambda run: str(run["state"]),
    )


def follow_lesson(connection: Connection, lesson_id: str) -> dict[str, Any]:
    """The lesson once no run of it is alive; its seats as a strip on stderr until then."""
    return _follow(
        lambda: connection.get(f"/lessons/{lesson_id}"),
        lambda lesson: lesson["live"] == 0,
        _seats_line,
    )


def _seats_line(lesson: dict[str, Any]) -> str:
    counts = " · ".join(f"{n} {state}" for state, n in lesson["counts"].items() if n)
    # A file or a pipe gets a line when a count changes, a terminal the moving strip as well.
    return f"[{strip(lesson)}] {counts}" if sys.stderr.isatty() else counts


def _follow(
    look: Callable[[], dict[str, Any]],
    ended: Callable[[dict[str, Any]], bool],
    line: Callable[[dict[str, Any]], str],
) -> dict[str, Any]:
    terminal, last = sys.stderr.isatty(), ""
    while True:
        seen = look()
        now = line(seen)
        if now != last:
            click.echo(f"\r\033[K{now}" if terminal else now, err=True, nl=not terminal)
            last = now
        if ended(seen):
            if terminal:
                click.echo(err=True)
            return seen
        time.sleep(EVERY_S)
