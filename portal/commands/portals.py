"""The portals that somebody has logged in to: a token for each, and the one that was last.

A token is only ever read for the portal that gave it, so that none is sent to another.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from portal.commands.secret import write_private

HERE = "http://127.0.0.1:8080"
_STRANGE = re.compile(r"[^A-Za-z0-9.-]+")


def token_path(server: str) -> Path:
    """Where the token for a portal is kept unless somebody says otherwise."""
    return _folder() / "tokens" / _STRANGE.sub("_", server.rstrip("/").lower())


def read_token(path: Path) -> str | None:
    """The token of a file; None where there is none, and the portal will say so."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def last_portal() -> str:
    """The address of the portal that was logged in to last; the one of this machine before."""
    return read_token(_folder() / "portal") or HERE


def remember(server: str) -> None:
    """Commands that do not name a portal mean this one from now on."""
    write_private(_folder() / "portal", server + "\n")


def _folder() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "kesuan"
