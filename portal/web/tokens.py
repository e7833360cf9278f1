"""Tokens for scripts: one's own, and a school's for its administrators."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Conflict, Invalid
from portal.language import Message
from portal.people import scopes, tokens
from portal.people.access import Action, may, require, require_school
from portal.people.scopes import USUAL, Scope
from portal.services import services
from portal.web import noted, typed
from portal.web.failures import status_of
from portal.web.login import reading, viewer

SCHOOL = "school"

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens")


@blueprint.before_request
def _not_for_seats() -> None:
    require(viewer(), Action.KEEP_TOKENS)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """What there is, and the form of a new one."""
    return _page({"days": str(services().settings.tokens.days), "scopes": sorted(USUAL)}, {})


@blueprint.post("")
def issue() -> ResponseReturnValue:
    """A new token, shown this once; every fault is said beside its field."""
    said: dict[str, Any] = typed.words(("name", "days", "whose"))
    said["scopes"] = [each for each in request.form.getlist("scopes") if each in set(Scope)]
    wish = tokens.Wish(said["name"], typed.number(said["days"]), frozenset(said["scopes"]))
    terms = services().settings.tokens
    try:
        with services().store.begin(viewer().tenant) as session:
            if said["whose"] == SCHOOL:
                school_id = require_school(viewer(), Action.KEEP_SCHOOL_TOKENS)
                token, secret = tokens.issue_for_school(session, school_id, wish, terms)
            else:
                token, secret = tokens.issue(session, viewer(), wish, terms)
    except Invalid as invalid:
        return _page(said, invalid.errors), 422
    except Conflict as refused:
        return _page(said, {"": [refused.message]}), status_of(refused)
    noted.about(f"token {token.id}", viewer().school_id)
    return render_template("token_made.html", token=token, secret=secret)


@blueprint.post("/<token_id>/revoke")
def revoke(token_id: str) -> ResponseReturnValue:
    """End a token at once."""
    with services().store.begin(viewer().tenant) as session:
        tokens.revoke(session, viewer(), token_id)
    flash(_("The token is revoked. Scripts that send it are refused from now on."))
    return redirect(url_for("tokens.page"), 303)


@blueprint.app_template_filter("scopes")
def _scopes(kept: str) -> list[Scope]:
    granted = scopes.found(kept)
    return [scope for scope in Scope if scope in granted]


def _page(said: Mapping[str, Any], errors: Mapping[str, Sequence[Message]]) -> str:
    with reading() as session:
        return render_template(
            "tokens.html",
            own=tokens.tokens_of(session, viewer()),
            of_school=tokens.tokens_of_school(session, viewer()),
            may_for_school=may(viewer(), Action.KEEP_SCHOOL_TOKENS),
            every_scope=list(Scope),
            typed=said,
            errors=errors,
            most_days=services().settings.tokens.most_days,
            now=time.time(),
        )
