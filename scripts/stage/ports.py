"""Ports of this machine that are free."""

from __future__ import annotations

import socket


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
