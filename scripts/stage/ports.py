"""Ports of this machine that are free."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

# The state of a listening socket in /proc/net/tcp.
# https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
LISTENING = "0A"


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        # Without this, a port whose last connection ended a minute ago looks taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody on this machine answers there."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def listens_itself(port: int, pids: set[int]) -> bool:
    """Whether one of these processes is who answers there; needs root or the processes' user."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for pid in pids:
        # It may end while it is looked at.
        with suppress(FileNotFoundError):
            if any(str(file.readlink()) in sockets for file in Path(f"/proc/{pid}/fd").iterdir()):
                return True
    return False


def _listening(port: int) -> set[str]:
    """The inodes of the sockets that listen on a port, by IPv4 or IPv6."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text(encoding="ascii").splitlines() if table.exists() else []
        for fields in map(str.split, lines[1:]):
            local, state, inode = fields[1], fields[3], fields[9]
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(inode)
    return found
