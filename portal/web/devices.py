"""What is known of a browser before anybody has logged in: for the counting of wrong guesses.

Whoever was let in leaves a signed note in the browser, after the pattern of device cookies:
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
It opens nothing; it only means that others who guess wrong do not keep this browser out.
"""

from __future__ import annotations

import secrets
from functools import cache

from flask import Response, current_app, request
from flask import session as cookie
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.people.login import Friend, Visitor
from portal.services import services

VISIT = "visit"
# As many as there are classes that share a computer room; the browser keeps less than 4 KB.
MOST_FRIENDS = 16
KEPT_S = 180 * 86_400


def begin_visit() -> None:
    """Give a browser that sees a login form its own allowance of guesses."""
    cookie.setdefault(VISIT, secrets.token_urlsafe(12))


def visitor() -> Visitor:
    """Who is about to log in."""
    return Visitor(request.remote_addr, cookie.get(VISIT), _friends())


def remember(response: Response, friend: Friend) -> None:
    """Note in the browser that somebody was let in: the newest of each place."""
    others = [known for known in _friends() if known.place != friend.place]
    noted = _notes().dumps([friend, *others][:MOST_FRIENDS])
    secure = services().settings.web.secure_cookies
    response.set_cookie(
        _name(),
        noted if isinstance(noted, str) else noted.decode("ascii"),
        max_age=KEPT_S,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def _friends() -> tuple[Friend, ...]:
    try:
        noted = _notes().loads(request.cookies.get(_name(), ""), max_age=KEPT_S)
    except BadData:
        return ()
    return tuple(Friend(place, who) for place, who in noted)


def _name() -> str:
    return "__Host-kesuan-friends" if services().settings.web.secure_cookies else "kesuan-friends"


def _notes() -> URLSafeTimedSerializer:
    return _serializer(current_app.secret_key)


@cache
def _serializer(key: str | bytes | None) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key or b"", salt="devices")
