"""A directory server that lies: what a portal has to survive when the real one is broken or taken.

It lets everybody bind and answers every search with one kind of lie.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

BIND_REQUEST, SEARCH_REQUEST, EXTENDED_REQUEST = 0x60, 0x63, 0x77
BIND_DONE, ENTRY, SEARCH_DONE, REFERENCE, EXTENDED_DONE = 0x61, 0x64, 0x65, 0x73, 0x78
SUCCESS, REFERRAL, UNWILLING = 0, 10, 53
MANY = 20_000
CHUNK_MOST = 4 << 20  # of the lies without end: nobody should ever take so much


class Liar:
    """A server on a port of this machine; `heard` is what was said to it, `sent` what it said."""

    def __init__(
        self,
        lie: str,
        base: str = "ou=people,dc=centre,dc=example",
        elsewhere: str = "ldap://203.0.113.9/",
    ) -> None:
        self._lie = LIES[lie]
        self.base = base
        self.elsewhere = elsewhere  # where referrals point to
        self.heard = bytearray()
        self.sent = 0
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, name=f"liar {lie}", daemon=True).start()

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def __enter__(self) -> Liar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        # Closing alone would leave the thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while not self.ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client:
            try:
                while request := client.recv(65536):
                    self.heard += request
                    for piece in self._answer(request):
                        if self.ended.is_set():
                            return
                        client.sendall(piece)
                        self.sent += len(piece)
            except OSError:
                return

    def _answer(self, request: bytes) -> Iterator[bytes]:
        number, operation = _head(request)
        if operation == BIND_REQUEST:
            yield message(number, BIND_DONE, result(SUCCESS))
        elif operation == EXTENDED_REQUEST:
            yield message(number, EXTENDED_DONE, result(UNWILLING))
        elif operation == SEARCH_REQUEST:
            yield from self._lie(self, number)


def message(number: int, operation: int, body: bytes) -> bytes:
    """An LDAPMessage (RFC 4511, section 4.1.1)."""
    return _tlv(0x30, _tlv(0x02, number.to_bytes(4, "big")) + _tlv(operation, body))


def result(code: int, more: bytes = b"") -> bytes:
    """An LDAPResult without a word."""
    return _tlv(0x0A, bytes([code])) + _tlv(0x04, b"") + _tlv(0x04, b"") + more


def entry(dn: str, **attributes: str) -> bytes:
    """A SearchResultEntry."""
    rows = b"".join(
        _tlv(0x30, _tlv(0x04, name.encode()) + _tlv(0x31, _tlv(0x04, value.encode())))
        for name, value in attributes.items()
    )
    return _tlv(0x04, dn.encode()) + _tlv(0x30, rows)


def _somebody(base: str, login: str, rdn: str = "") -> bytes:
    return entry(f"{rdn or 'uid=' + login},{base}", uid=login, cn=login, entryUUID=f"u-{login}")


def _thousands(liar: Liar, number: int) -> Iterator[bytes]:
    one = message(number, ENTRY, _somebody(liar.base, "li"))
    for _ in range(MANY // 100):
        yield one * 100
    yield message(number, SEARCH_DONE, result(SUCCESS))


def _endless(liar: Liar, _number: int) -> Iterator[bytes]:
    """One message that is said to have two gigabytes."""
    yield b"\x30\x84\x7f\xff\xff\xff"
    while liar.sent < CHUNK_MOST:
        yield b"\x04" * 65536


def _slowly(liar: Liar, number: int) -> Iterator[bytes]:
    """A byte now and then, each in time for somebody who waits for the next one only."""
    for byte in message(number, ENTRY, _somebody(liar.base, "li")) * 1000:
        yield bytes([byte])
        time.sleep(0.1)


def _garbage(_liar: Liar, _number: int) -> Iterator[bytes]:
    yield _tlv(0x30, os.urandom(300))


def _referral(liar: Liar, number: int) -> Iterator[bytes]:
    referral = _tlv(0xA3, _tlv(0x04, liar.elsewhere.encode()))
    yield message(number, SEARCH_DONE, result(REFERRAL, referral))


def _reference(liar: Liar, number: int) -> Iterator[bytes]:
    yield message(number, REFERENCE, _tlv(0x04, liar.elsewhere.encode()))
    yield message(number, SEARCH_DONE, result(SUCCESS))


def _elsewhere(_liar: Liar, number: int) -> Iterator[bytes]:
    yield message(number, ENTRY, _somebody("ou=admins,dc=centre,dc=example", "li"))
    yield message(number, SEARCH_DONE, result(SUCCESS))


def _nobody(_liar: Liar, number: int) -> Iterator[bytes]:
    """An entry without a name, as which a bind would be nobody's."""
    yield message(number, ENTRY, entry("", uid="li", cn="li", entryUUID="u"))
    yield message(number, SEARCH_DONE, result(SUCCESS))


def _another(liar: Liar, number: int) -> Iterator[bytes]:
    yield message(number, ENTRY, _somebody(liar.base, "ops"))
    yield message(number, SEARCH_DONE, result(SUCCESS))


def _hangs_up(_liar: Liar, _number: int) -> Iterator[bytes]:
    raise ConnectionAbortedError


LIES: dict[str, Callable[[Liar, int], Iterator[bytes]]] = {
    "thousands of entries": _thousands,
    "an answer without end": _endless,
    "a byte now and then": _slowly,
    "garbage": _garbage,
    "a referral": _referral,
    "a reference elsewhere": _reference,
    "an entry elsewhere": _elsewhere,
    "an entry without a name": _nobody,
    "another's entry": _another,
    "hanging up": _hangs_up,
}


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes([tag, size]) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + value


def _head(request: bytes) -> tuple[int, int]:
    """The number and the operation of a request that came whole."""
    place = 2 + (request[1] & 0x7F if request[1] & 0x80 else 0)
    size = request[place + 1]
    number = int.from_bytes(request[place + 2 : place + 2 + size], "big")
    return number, request[place + 2 + size]
