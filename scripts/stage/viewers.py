"""People who keep a class page open: a browser's login, and many event streams at once."""

from __future__ import annotations

import re
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.cookiejar import CookieJar

from stage.checkout import StageError
from stage.site import Site

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_PATIENCE_S = 30


def session_cookie(site: Site, login: str, password: str) -> str:
    """The Cookie header of somebody who has logged in on the login page."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(f"{site.address}/login", timeout=_PATIENCE_S) as page:
        token = _TOKEN.search(page.read().decode())
    if token is None:
        raise StageError("the login page has no form that can be sent")
    form = {"csrf_token": token[1], "login": login, "password": password}
    sent = urllib.parse.urlencode(form).encode()
    with browser.open(f"{site.address}/login", sent, timeout=_PATIENCE_S) as page:
        if page.url.endswith("/login"):
            raise StageError(f"{login} could not log in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@contextmanager
def watching(site: Site, cookie: str, lesson_id: str, viewers: int) -> Iterator[list[int]]:
    """So many open class pages; the numbers are the bytes that each has been sent so far."""
    received = [0] * viewers
    with ExitStack() as open_pages:
        for number in range(viewers):
            stream = open_pages.enter_context(_open(site, cookie, lesson_id))
            reader = threading.Thread(target=_read, args=(stream, received, number), daemon=True)
            reader.start()
        yield received


@contextmanager
def _open(site: Site, cookie: str, lesson_id: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", site.port), timeout=_PATIENCE_S) as stream:
        request = (
            f"GET /lessons/{lesson_id}/events HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
            f"Accept: text/event-stream\r\nCookie: {cookie}\r\n\r\n"
        )
        stream.sendall(request.encode())
        status = stream.recv(12)
        if not status.endswith(b" 200"):
            raise StageError(f"the class page's events answered {status!r}")
        stream.settimeout(None)
        yield stream
        # Wakes the reader, who would wait for the next event otherwise.
        stream.shutdown(socket.SHUT_RDWR)


def _read(stream: socket.socket, received: list[int], number: int) -> None:
    try:
        while chunk := stream.recv(65536):
            received[number] += len(chunk)
    except OSError:
        return
