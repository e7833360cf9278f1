"""The scene, served to a real Chromium, and everybody of it with a window of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.web.appearance import THEME
from stage.security.scene import PEOPLE, Scene, populated
from tests.lesson import chromium
from tests.web import pages

WHO = {login: who for who, login in PEOPLE.items()}


class Quiet(WSGIRequestHandler):
    """Keeps no log of requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@dataclass
class Windows:
    """The scene behind an address, and a browser to look at it with."""

    scene: Scene
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Who looks at which page; nobody looks at the doors."""
        seen = [(WHO[login], address) for login, address in pages.pages_of(self.scene.classroom)]
        return [("nobody", "/login"), ("nobody", "/sit"), ("nobody", "/nowhere"), *seen]

    @contextmanager
    def of(
        self,
        who: str,
        language: str = "en",
        screen: ViewportSize | None = None,
        theme: str | None = None,
    ) -> Iterator[Page]:
        """A window of somebody who is logged in; what goes wrong in it is in `complaints`."""
        with chromium.visitor(self.browser, self.address, language, screen) as (page, complaints):
            pairs = [self.scene.cookies[who].split("=", 1)]
            if theme is not None:
                pairs.append([THEME, theme])
            page.context.add_cookies(
                [{"name": name, "value": value, "url": self.address} for name, value in pairs]
            )
            self.complaints = complaints
            yield page


@contextmanager
def windows() -> Iterator[Windows]:
    """The scene and its browser; both end with the block."""
    with ExitStack() as stack:
        scene = stack.enter_context(populated())
        server = make_server("127.0.0.1", 0, scene.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        browser = stack.enter_context(chromium.started())
        yield Windows(scene, f"http://127.0.0.1:{server.port}", browser)
