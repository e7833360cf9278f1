"""kesuan runs: one's trainings."""

from __future__ import annotations

import json

import click

from portal.commands.connected import connected, json_option
from portal.commands.connection import Connection
from portal.commands.table import moment, table

HEAD = ("run", "template", "seat", "state", "accuracy", "made", "job", "reason")


@click.command("runs")
@click.option("--lesson", help="Only those of this lesson.")
@click.option("--class", "school_class", help="Only those of this class (its id).")
@click.option("--state", help="Only those in this state.")
@click.option("--template", help="Only those of this template.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@click.option("--before", help="The next page: the `next` of the one before (see --json).")
@json_option
@connected
def command(
    connection: Connection,
    lesson: str | None,
    school_class: str | None,
    state: str | None,
    template: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """List runs, newest first."""
    query = {
        "lesson": lesson,
        "class": school_class,
        "state": state,
        "template": template,
        "limit": limit,
        "before": before,
    }
    page = connection.get("/runs", **query)
    if as_json:
        click.echo(json.dumps(page, ensure_ascii=False))
        return
    rows = [
        (
            run["id"],
            run["template"],
            run["seat"],
            run["state"],
            run["accuracy"],
            moment(run["created_at"]),
            run["slurm_job"],
            (run["reason"] or {}).get("code"),
        )
        for run in page["items"]
    ]
    click.echo(table(HEAD, rows))
