"""Who is asking: Flask-Login, and the rule that a page is closed unless it says otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy.orm import Session

from portal.people import accounts
from portal.people.cards import holds
from portal.people.viewer import Viewer
from portal.services import services
from portal.store import EVERYONE
from portal.web.speech import CHOSEN

ENDS_AT = "ends_at"
CARD = "card"
API = "/api/"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Reader:
    """Flask-Login's idea of a person, around ours."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def get_id(self) -> str:
        """What the session keeps."""
        return self.viewer.user_id


def register(app: Flask) -> None:
    """Wire Flask-Login and close every page that is not marked with `open_to_all`."""
    manager = LoginManager(app)
    manager.session_protection = "basic"
    manager.user_loader(_load)
    manager.unauthorized_handler(_ask_to_log_in)
    app.before_request(_closed_by_default)


def open_to_all(view: View) -> View:
    """Mark a view that answers people who are not logged in."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def is_open(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint answers people who are not logged in."""
    view = app.view_functions.get(endpoint)
    return endpoint == "static" or bool(getattr(view, "open_to_all", False))


def log_in(viewer: Viewer, hours: float, card: float | None = None) -> None:
    """Begin a fresh session: nothing but the chosen language is carried over from before.

    With a `card` it ends when a new card is made for the seat, and with the lesson.
    """
    chosen = cookie.get(CHOSEN)
    cookie.clear()
    if chosen:
        cookie[CHOSEN] = chosen
    cookie.permanent = True
    cookie[ENDS_AT] = time.time() + hours * 3600
    if card is not None:
        cookie[CARD] = card
    login_user(Reader(viewer), remember=False)


def log_out() -> None:
    """End the session and forget all of it but the chosen language."""
    chosen = cookie.get(CHOSEN)
    logout_user()
    cookie.clear()
    if chosen:
        cookie[CHOSEN] = chosen


def ends_at() -> float:
    """When this login ends, in UTC seconds."""
    return float(cookie.get(ENDS_AT, 0.0))


def viewer() -> Viewer:
    """Who is asking. Only on pages that need a login."""
    found: Viewer = current_user.viewer
    return found


def reading() -> Session:
    """A session for reading what the one who asks may see."""
    return services().store.reading(viewer().tenant)


def wants_page() -> bool:
    """Whether the answer is shown as a page; scripts and event streams say that they want else."""
    wanted = request.accept_mimetypes
    return not wanted or wanted.best_match(("text/html", "application/json")) == "text/html"


def _load(user_id: str) -> Reader | None:
    if time.time() >= ends_at():
        return None
    now = time.time()
    with services().store.reading(EVERYONE) as session:
        found = accounts.load_viewer(session, user_id)
        if found and CARD in cookie and not holds(session, found.seat_id, cookie[CARD], now):
            return None
    return Reader(found) if found is not None else None


def _closed_by_default() -> ResponseReturnValue | None:
    # The API has its own way to know who asks; an unknown address falls through to its 404.
    if request.endpoint is None or request.path.startswith(API):
        return None
    if is_open(current_app, request.endpoint) or current_user.is_authenticated:
        return None
    return _ask_to_log_in()


def _ask_to_log_in() -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        # The page around the fragment loads again, and is sent to the login with its address.
        return "", 401, {"HX-Refresh": "true"}
    if not wants_page():
        abort(401)
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("session.form", next=here if here != "/" else None))
