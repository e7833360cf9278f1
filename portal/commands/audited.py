"""Who types a command, for the audit log."""

from __future__ import annotations

import os
import pwd
import socket

from sqlalchemy.orm import Session

from portal.people.commanded import note_command


def written_down(session: Session, what: str, thing: str, school_id: str | None) -> None:
    """Note that whoever types this command does `what` to a thing ("kind id") of a school."""
    note_command(session, _typist(), what, school_id=school_id, thing=thing)


def _typist() -> str:
    """The user on this machine, as `li@portal`; behind sudo whoever called it."""
    user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.geteuid()).pw_name
    return f"{user}@{socket.gethostname()}"[:255]
