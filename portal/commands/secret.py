"""Passwords and tokens on their way in and out: never in a command line, which others can see."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from portal.commands.speech import said
from portal.errors import Invalid
from portal.language import N_

password_file = click.option(
    "--password-file",
    "file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="Read the password from a file, or from stdin with -; else it is asked for.",
)


def read_password(file: Path | None, *, twice: bool = False) -> str:
    """The password from a file, from stdin, or from the person."""
    if file is None:
        return click.prompt(
            said(N_("Password")), hide_input=True, confirmation_prompt=twice, type=str
        )
    if str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as cause:
        sentence = N_("{file} cannot be read.", file=file)
        raise Invalid.one("--password-file", sentence) from cause


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
