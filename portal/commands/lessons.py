"""kesuan lessons: the lessons of a school, or the seats of one."""

from __future__ import annotations

import json

import click

from portal.commands.connected import connected, json_option
from portal.commands.connection import Connection
from portal.commands.following import follow_lesson
from portal.commands.seats import seats_table
from portal.commands.table import moment, table


@click.command("lessons")
@click.argument("lesson", required=False)
@click.option("--wait", is_flag=True, help="Stay until every run of LESSON has ended.")
@json_option
@connected
def command(connection: Connection, lesson: str | None, wait: bool, as_json: bool) -> None:
    """List lessons, newest first; with LESSON, its seats as they are now."""
    if lesson is None:
        shown = connection.get("/lessons")
        rows = [
            (
                item["id"],
                item["class_name"],
                item["template"],
                item["state"],
                moment(item["ends_at"]),
            )
            for item in shown["items"]
        ]
        words = table(("lesson", "class", "template", "state", "ends"), rows)
    else:
        shown = follow_lesson(connection, lesson) if wait else connection.get(f"/lessons/{lesson}")
        words = seats_table(shown)
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else words)
