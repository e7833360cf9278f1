"""kesuan doctor: is this site well, and what is to be done?"""

from __future__ import annotations

import json

import click

from portal.commands.connected import json_option
from portal.commands.failures import FAILURE
from portal.commands.house import settings
from portal.commands.speech import language, said
from portal.doctor import Finding, Verdict, examine
from portal.scheduler import open_scheduler

COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAULT: "red"}


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Examine the site; exit 0 only where there is no fault."""
    house = settings()
    findings = []
    for finding in examine(house, open_scheduler(house.slurm)):
        findings.append(finding)
        if not as_json:
            click.echo(_line(finding))
    if as_json:
        click.echo(json.dumps([_plain(finding) for finding in findings], ensure_ascii=False))
    if any(finding.verdict is Verdict.FAULT for finding in findings):
        raise click.exceptions.Exit(FAILURE)


def _line(finding: Finding) -> str:
    word = click.style(f"[{said(finding.verdict.label)}]", fg=COLOURS.get(finding.verdict))
    line = f"{word} {finding.code}: {said(finding.found)}"
    return line if finding.advice is None else f"{line}\n       → {said(finding.advice)}"


def _plain(finding: Finding) -> dict[str, str | None]:
    advice = finding.advice
    return {
        "check": finding.code,
        "verdict": finding.verdict.value,
        "found": finding.found.in_language(language()),
        "advice": advice.in_language(language()) if advice is not None else None,
    }
