"""Who is asking: a token in the Authorization header, and nothing else.

A browser's session is never looked at, so another site's page cannot make a browser call the API
in somebody's name, and no CSRF token is needed here.
"""

from __future__ import annotations

from typing import cast

from flask import current_app, g, request

from portal.errors import NotAllowed, PortalError
from portal.language import N_
from portal.people.scopes import Scope
from portal.people.viewer import Viewer
from portal.services import services

PUBLIC = "_kesuan_public"
SCOPE = "_kesuan_scope"


class NotSignedIn(PortalError):
    """No token, or one that is not good (any more)."""


class OutOfScope(NotAllowed):
    """The token is good, and is not for this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            N_("This token may not do that: it was got without the scope “{scope}”.", scope=scope)
        )
        self.scope = scope


def ask() -> None:
    """Find out who calls, before every view that is not marked as public.

    Raises `NotSignedIn`, and `OutOfScope` where the token is not for what the view does.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, PUBLIC, False):
        return
    known = services().senders(secret())
    if known is None:
        raise NotSignedIn(N_("This token is not known, or its time is over."))
    answer_as(known.viewer)
    scope: Scope | None = getattr(view, SCOPE, None)
    if scope is not None and scope not in known.scopes:
        raise OutOfScope(scope)


def answer_as(known: Viewer) -> None:
    """Note for the rest of this request who it is that calls."""
    g.api_viewer = known


def viewer() -> Viewer:
    """The person whose token came with the request."""
    return cast(Viewer, g.api_viewer)


def about(thing: str, school_id: str | None) -> None:
    """Tell the audit log what this request made, "kind id": its address does not name it."""
    g.noted = thing, school_id


def secret() -> str:
    """The token that came with the request; raises `NotSignedIn` where none did."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise NotSignedIn(N_("Send a token in the header “Authorization: Bearer …”."))
    return given.token
