"""One's own account: who one is here, and a password that nobody else knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, NotAllowed
from portal.language import N_, Message
from portal.people import accounts
from portal.people.login import LoginRefused, roles_with_passwords
from portal.people.login.local import LOCAL
from portal.services import services
from portal.store import EVERYONE
from portal.store.tables import User
from portal.web.devices import visitor
from portal.web.login import viewer

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.before_request
def _persons_only() -> None:
    if viewer().is_seat:
        raise NotAllowed(N_("A seat has a card and no account."))


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Name, login, role and school, and the form of a new password."""
    return _page({})


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Another password; the one before has to be known, and guesses at it are counted."""
    if not _has_password(_me()):
        raise NotAllowed(N_("Your password is the directory's, and is changed there."))
    before, wanted = (request.form.get(name, "") for name in ("before", "wanted"))
    try:
        if wanted != request.form.get("again", ""):
            raise Invalid.one("again", N_("This is not the same password."))
        services().door.authenticate(viewer().login, before, visitor())
        with services().store.begin(EVERYONE) as session:
            accounts.set_password(session, session.get_one(User, viewer().user_id), wanted)
    except LoginRefused as refused:
        return _page({"before": (refused.message,)}), 422
    except Invalid as invalid:
        return _page({"wanted": invalid.errors.get("password", ()), **invalid.errors}), 422
    flash(_("Your password is changed."))
    return redirect(url_for("account.page"), 303)


def _page(errors: Mapping[str, Sequence[Message]]) -> str:
    user = _me()
    return render_template(
        "account.html",
        user=user,
        errors=errors,
        has_password=_has_password(user),
        least=accounts.SHORTEST_PASSWORD,
    )


def _me() -> User:
    with services().store.reading(EVERYONE) as session:
        return session.get_one(User, viewer().user_id)


def _has_password(user: User) -> bool:
    return user.way == LOCAL and user.role in roles_with_passwords(services().settings.login)
