"""kesuan submit: one training, a class of them, or all those of a file."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import click

from portal.commands.connected import connected, json_option
from portal.commands.connection import Connection
from portal.commands.failures import FAILURE
from portal.commands.following import follow_lesson, follow_run
from portal.commands.seats import seats_table
from portal.commands.several import check, read_rows, send
from portal.commands.speech import said
from portal.commands.table import table
from portal.language import N_

PAIR = re.compile(r"([a-z][a-z0-9_]*)=(.*)", re.DOTALL)
SPAN = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


class Pair(click.ParamType[Any]):
    """`name=value`; a value that begins with [ is a JSON list."""

    name = "name=value"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The name and the value."""
        match = PAIR.fullmatch(value)
        if match is None:
            self.fail(said(N_("{value} is not name=value.", value=value)), param, ctx)
        if not match[2].startswith("["):
            return match[1], match[2]
        try:
            return match[1], json.loads(match[2])
        except ValueError:
            self.fail(said(N_("{value} is no JSON list.", value=match[2])), param, ctx)


class Seats(click.ParamType[Any]):
    """Numbers of seats: 1-10,12."""

    name = "1-10,12"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The numbers, each once, in order."""
        spans = [SPAN.fullmatch(part.strip()) for part in value.split(",")]
        if None in spans:
            self.fail(said(N_("Give seats like 1-10,12.")), param, ctx)
        found = {
            number
            for span in spans
            if span
            for number in range(int(span[1]), int(span[2] or span[1]) + 1)
        }
        return sorted(found)


@click.command("submit")
@click.argument("template", required=False)
@click.option("--data", help="Name or id of the data set.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with a run a row: template, data, share, minutes, lesson, and parameters by name.",
)
@click.option("--set", "pairs", type=Pair(), multiple=True, help="A parameter; may be repeated.")
@click.option("--share", type=int, help="Eighths of a GPU, 0 for none.")
@click.option("--minutes", type=int, help="Time limit of the run, or until the bell of the class.")
@click.option("--class", "school_class", help="Launch this class: a run for each seat.")
@click.option("--seats", type=Seats(), help="Only these seats of the class.")
@click.option("--wait", is_flag=True, help="Stay until all have ended; fail unless all succeeded.")
@click.option(
    "--key", help="Idempotency key; with --from, a name that makes the same rows new ones."
)
@json_option
@connected
def command(
    connection: Connection,
    template: str | None,
    data: str | None,
    file: Path | None,
    pairs: tuple[tuple[str, Any], ...],
    share: int | None,
    minutes: int | None,
    school_class: str | None,
    seats: list[int] | None,
    wait: bool,
    key: str | None,
    as_json: bool,
) -> None:
    """Train with TEMPLATE: one run, or with --class one for every seat of a class.

    With --from, every row of a file is a run. All are checked before the first is sent; the same
    file again sends only what was not sent.
    """
    if file is not None:
        if template or data or pairs or school_class or share is not None or minutes is not None:
            raise click.UsageError(said(N_("--from has all that is said of a run in its rows.")))
        _submit_rows(connection, file, key or "", wait=wait, as_json=as_json)
        return
    if template is None or data is None:
        raise click.UsageError(said(N_("Say which template and --data, or --from a file.")))
    body: dict[str, Any] = {
        "template": template,
        "data": data,
        "share": share,
        "parameters": parameters(pairs),
        "minutes": minutes,
    }
    if school_class is None:
        if seats is not None:
            raise click.UsageError(said(N_("--seats goes with --class.")))
        made = connection.post("/runs", body, key=key or str(uuid.uuid4()))
        shown = follow_run(connection, made["id"]) if wait else made
        succeeded = shown["state"] == "succeeded"
        words = table(("run", "state"), [(shown["id"], shown["state"])])
    else:
        lesson = {**body, "class": school_class, "minutes": minutes or 40, "seats": seats}
        made = connection.post("/lessons", lesson, key=key or str(uuid.uuid4()))
        shown = follow_lesson(connection, made["id"]) if wait else made
        succeeded = all(seat["state"] in ("succeeded", "empty") for seat in shown["seats"])
        words = seats_table(shown)
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else words)
    if wait and not succeeded:
        raise click.exceptions.Exit(FAILURE)


def parameters(pairs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """Parameters by name; a name that comes twice has a list of values."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
            continue
        before = found[name] if isinstance(found[name], list) else [found[name]]
        found[name] = [*before, *(value if isinstance(value, list) else [value])]
    return found


def _submit_rows(
    connection: Connection, file: Path, name: str, *, wait: bool, as_json: bool
) -> None:
    rows = read_rows(file, name)
    check(connection, file, rows)
    shown = []
    for row, run in zip(rows, send(connection, rows), strict=True):
        shown.append(run)
        if not as_json:
            click.echo(f"{file}:{row.line}\t{run['id']}\t{run['state']}")
    if wait:
        shown = [follow_run(connection, run["id"]) for run in shown]
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    if wait and any(run["state"] != "succeeded" for run in shown):
        raise click.exceptions.Exit(FAILURE)
