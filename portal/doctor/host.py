"""What Slurm's commands and libslurm need on this host before they can ask anybody.

Looked at here because they wait for it in silence: without munge a command of 22.05 says nothing
for more than half a minute, and for a slurm.conf that is not there it waits a minute.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

from portal.config import Settings
from portal.doctor.finding import Finding, fault
from portal.language import N_

DEFAULT_CONF = Path("/etc/slurm/slurm.conf")
DEFAULT_SOCKET = "/run/munge/munge.socket.2"
PATIENCE_S = 2.0


def look(settings: Settings) -> Iterator[Finding]:
    """Faults of this host; none where all is there, or where Slurm gets its configuration afar."""
    named = settings.slurm.conf
    conf = named or DEFAULT_CONF
    try:
        text = conf.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        # Without a file Slurm may ask slurmctld or sackd for one ("configless").
        if named is not None:
            yield fault(
                "slurm-conf",
                N_("{path} cannot be read: {error}", path=conf, error=error.strerror),
                N_("Set slurm.conf to the cluster's file; it must be readable by all."),
            )
        return
    found = {key.lower(): value for key, value in re.findall(r"(?m)^\s*(\w+)\s*=\s*(\S+)", text)}
    if found.get("authtype", "auth/munge") == "auth/munge":
        yield from munge(found.get("authinfo", ""))


def munge(info: str) -> Iterator[Finding]:
    """A fault where munge does not answer; `info` is slurm.conf's AuthInfo."""
    named = re.search(r"socket=([^,]+)", info)
    path = named[1] if named else DEFAULT_SOCKET
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(path)
    except OSError as error:
        yield fault(
            "munge",
            N_(
                "munge does not answer at {path}: {error}", path=path, error=error.strerror or error
            ),
            N_("Start munge here with the cluster's key; then try: munge -n | unmunge"),
        )
