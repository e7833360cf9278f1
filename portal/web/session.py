"""Log in and log out."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.errors import PortalError
from portal.people import accounts
from portal.people.login import Friend, NoPlaceHere
from portal.services import services
from portal.store import EVERYONE
from portal.web.devices import begin_visit, remember, visitor
from portal.web.failures import sentence
from portal.web.login import log_in, log_out, open_to_all
from portal.web.places import inside

blueprint = Blueprint("session", __name__)


@blueprint.get("/login")
@open_to_all
def form() -> ResponseReturnValue:
    """The door."""
    if current_user.is_authenticated:
        return redirect(inside(request.args.get("next")))
    return _page("", next_page=request.args.get("next", ""))


@blueprint.post("/login")
@open_to_all
def enter() -> ResponseReturnValue:
    """Check a login and a password, and begin a fresh session."""
    house = services()
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    try:
        user_id = house.door.authenticate(login, password, visitor())
    except PortalError as refused:
        known = refused.transient or isinstance(refused, NoPlaceHere)
        page = _page(login, sentence(refused), not known, request.form.get("next", ""))
        return page, 503 if refused.transient else 401
    with house.store.reading(EVERYONE) as session:
        viewer = accounts.load_viewer(session, user_id)
    if viewer is None:
        return redirect(url_for("session.form"))
    log_in(viewer, house.settings.web.session_hours)
    response = make_response(redirect(inside(request.form.get("next"))))
    remember(response, Friend.of_login(login))
    return response


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End the session."""
    log_out()
    return redirect(url_for("session.form"))


def _page(typed: str, fault: str = "", wrong: bool = False, next_page: str = "") -> str:
    begin_visit()
    return render_template("login.html", typed=typed, fault=fault, wrong=wrong, next=next_page)
