"""One connection to one directory server, which may be dead, slow, or lie.

ldap3 waits for ever, checks no certificate and keeps all that a server sends, unless it is told
otherwise: https://ldap3.readthedocs.io/en/latest/server.html. Here every connection has a time by
which it is over and a size that it may not pass, and whatever goes wrong is a `ServerFailed`.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ldap3 import DEREF_NEVER, NONE, SIMPLE, SYNC, Connection, Server, Tls
from ldap3.core.results import RESULT_SUCCESS
from ldap3.strategy.base import BaseStrategy

from portal.config import Ldap

# An entry is a few hundred bytes, and so is a group's name; nobody asks for more than these.
MOST_BYTES = 1 << 20
MOST_MESSAGES = 2000
_PORTS = {"ldap": 389, "ldaps": 636}


class ServerFailed(Exception):
    """A server did not do what it is there for; `step` says during what."""

    def __init__(self, url: str, step: str, why: str) -> None:
        super().__init__(f"{url}, {step}: {why}")
        self.url = url
        self.step = step
        self.why = why


@dataclass
class Allowance:
    """What is left of the time and of the bytes and messages that a server may take."""

    until: float
    bytes: int = MOST_BYTES
    messages: int = MOST_MESSAGES

    @classmethod
    def lasting(cls, seconds: float) -> Allowance:
        """From now on."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Seconds until it is over; raises TimeoutError when it is."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left

    def take(self, count: int) -> None:
        """Note bytes that have come; raises OverflowError for too many."""
        self.bytes -= count
        if self.bytes < 0:
            raise OverflowError("it sent too much")


class Wire:
    """A connection with TLS where the settings ask for it, bound as nobody yet."""

    def __init__(self, settings: Ldap, url: str, allowance: Allowance) -> None:
        self.url = url
        self._settings = settings
        self._allowance = allowance
        self._connection: Any = None
        with self._going("connecting"):
            self._connection = _unopened(settings, url, allowance.left_s())
            self._connection.strategy.receiving = self._receive
            self._connection.open()
        if settings.start_tls and not self._connection.server.ssl:
            with self._going("StartTLS"):
                if not self._connection.start_tls():
                    raise ConnectionError("it was not started")

    def bind(self, dn: str, password: str) -> int:
        """The result code of a bind with a password; raises ValueError for an empty one.

        The password goes as the bytes that were typed: ldap3 would prepare a text as RFC 4013 says
        and turn one of soft hyphens into none at all, which every server takes for nobody's bind.
        """
        secret = password.encode("utf-8")
        if not dn or not secret:
            raise ValueError("a bind without a name or a password proves nothing")
        with self._going("binding"):
            self._connection.user = dn
            self._connection.password = secret
            self._connection.authentication = SIMPLE
            self._connection.bind()
            return int(self._connection.result["result"])

    def search(
        self, base: str, query: str, scope: str, attributes: list[str], most: int
    ) -> tuple[int, list[dict[str, Any]]]:
        """The result code of a search and its entries; referrals to elsewhere are left out."""
        with self._going("searching"):
            self._connection.search(
                base,
                query,
                search_scope=scope,
                dereference_aliases=DEREF_NEVER,
                attributes=attributes,
                size_limit=most,
                time_limit=self._settings.receive_s,
            )
            rows = self._connection.response or []
            entries = [row for row in rows if row["type"] == "searchResEntry"]
            if len(entries) > most:
                raise OverflowError(f"it sent {len(entries)} entries where {most} were asked for")
            return int(self._connection.result["result"]), entries

    def certificate_ends_at(self) -> float | None:
        """When the server's certificate ends, in UTC seconds; None without TLS."""
        if not isinstance(self._connection.socket, ssl.SSLSocket):
            return None
        certificate = self._connection.socket.getpeercert() or {}
        return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))

    def close(self) -> None:
        """End the connection, without a word to a server that may not be listening."""
        if self._connection is None:
            return
        self._connection.strategy.close()
        # ldap3 leaves a socket behind that was made and did not get through.
        if self._connection.socket is not None:
            self._connection.socket.close()

    @contextmanager
    def _going(self, step: str) -> Iterator[None]:
        # What a server sends is taken apart by ldap3 with plain indexing: garbage comes out as an
        # IndexError, a KeyError, a UnicodeError … and each is the server's failure.
        try:
            self._allowance.left_s()
            yield
        except Exception as cause:
            self.close()
            raise ServerFailed(self.url, step, str(cause) or type(cause).__name__) from cause

    def _receive(self) -> list[bytes]:
        """What ldap3's `SyncStrategy.receiving` does, within the allowance: whole messages."""
        messages: list[bytes] = []
        rest = b""
        while not messages or rest:
            pause = min(self._allowance.left_s(), self._settings.receive_s)
            self._connection.socket.settimeout(pause)
            data = self._connection.socket.recv(65536)
            if not data:
                break
            self._allowance.take(len(data))
            rest += data
            while (size := BaseStrategy.compute_ldap_message_size(rest)) != -1:
                if size > len(rest):
                    break
                messages.append(rest[:size])
                rest = rest[size:]
                self._allowance.messages -= 1
                if self._allowance.messages < 0:
                    raise OverflowError("it sent too many messages")
        return messages


@contextmanager
def connected(settings: Ldap, url: str, allowance: Allowance) -> Iterator[Wire]:
    """A connection that is closed at the end."""
    wire = Wire(settings, url, allowance)
    try:
        yield wire
    finally:
        wire.close()


def _unopened(settings: Ldap, url: str, left_s: float) -> Any:
    address = urlsplit(url)
    server = Server(
        address.hostname,
        port=address.port or _PORTS[address.scheme],
        use_ssl=address.scheme == "ldaps",
        tls=_StrictTls(str(settings.ca_file) if settings.ca_file is not None else None),
        get_info=NONE,
        connect_timeout=min(settings.connect_s, left_s),
    )
    return Connection(
        server,
        client_strategy=SYNC,
        receive_timeout=settings.receive_s,
        auto_referrals=False,
        auto_range=False,
        check_names=False,
        return_empty_attributes=False,
    )


def succeeded(code: int) -> bool:
    """Whether a result code means that it was done."""
    return code == int(RESULT_SUCCESS)


@lru_cache(maxsize=4)
def _context(ca_file: str | None, changed_ns: int) -> ssl.SSLContext:
    """One for all connections, until its file changes: the system's takes tens of ms of CPU."""
    del changed_ns
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _StrictTls(Tls):  # type: ignore[misc]
    """TLS as Python's own default context has it: the certificate and its name are checked.

    ldap3's own way wraps without a name and looks at the certificate afterwards, with a function
    that Python 3.12 has no more.
    """

    def __init__(self, ca_file: str | None) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file)

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        # Each message waits for an answer: Nagle's pause of 40 ms would come on top of every one.
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        changed_ns = Path(self.ca_certs_file).stat().st_mtime_ns if self.ca_certs_file else 0
        connection.socket = _context(self.ca_certs_file, changed_ns).wrap_socket(
            connection.socket,
            server_hostname=connection.server.host,
            do_handshake_on_connect=do_handshake,
        )
