"""Tokens: got with a password once, and then sent instead of it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request

from portal.api.door import answer_as, secret, viewer
from portal.api.noun import Noun
from portal.api.values import AtMost, OneOf, Whole, YesOrNo
from portal.people import scopes, tokens
from portal.people.access import Action, require_school
from portal.people.accounts import load_viewer
from portal.people.login import LoginRefused, Visitor
from portal.people.names import LONGEST_NAME
from portal.people.scopes import USUAL, Scope
from portal.people.viewer import Role
from portal.services import services
from portal.store import EVERYONE
from portal.store.tables import Token

noun = Noun("tokens", "Secrets that scripts log in with.")


class LoginSchema(ma.Schema):
    """Who wants a token, for what and for how long."""

    login = ma.fields.String(required=True, validate=AtMost(64, 1))
    password = ma.fields.String(required=True, validate=AtMost(1024, 1))
    name = ma.fields.String(
        load_default="API",
        validate=AtMost(LONGEST_NAME, 1),
        metadata={"description": "What the token is for, for your own list."},
    )
    days = Whole(
        load_default=None,
        allow_none=True,
        metadata={"description": "How long it lives; else as long as the site usually gives."},
    )
    scopes = ma.fields.List(
        ma.fields.String(validate=OneOf([scope.value for scope in Scope])),
        load_default=sorted(USUAL),
        validate=AtMost(len(Scope), 1),
        metadata={"description": "What it may be used for, within what its owner may do."},
    )
    school = YesOrNo(
        load_default=False,
        metadata={
            "description": "A token of the school's own, which stays when its administrator "
            "leaves; only a school administrator gets one."
        },
    )


class TokenSchema(ma.Schema):
    """A token without its secret."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    school = ma.fields.Boolean(
        required=True, metadata={"description": "Whether it is the school's own."}
    )
    scopes = ma.fields.List(ma.fields.String(), required=True)
    created_at = ma.fields.Float(required=True)
    ends_at = ma.fields.Float(required=True)
    used_at = ma.fields.Float(required=True, allow_none=True)


class NewTokenSchema(TokenSchema):
    """A token with its secret, which is shown this once."""

    token = ma.fields.String(required=True, metadata={"example": "ksn_…"})


class TokensSchema(ma.Schema):
    """One's own tokens, and for a school's administrators those of the school."""

    items = ma.fields.List(ma.fields.Nested(TokenSchema), required=True)


@noun.changes("/tokens", NewTokenSchema, None, body=LoginSchema, status=201, public=True)
def issue(body: dict[str, Any]) -> dict[str, Any]:
    """Get a token for a login and its password."""
    house = services()
    wish = tokens.Wish(body["name"], body["days"], frozenset(map(Scope, body["scopes"])))
    visitor = Visitor(address=request.remote_addr)
    user_id = house.door.authenticate(body["login"], body["password"], visitor)
    with house.store.begin(EVERYONE) as session:
        known = load_viewer(session, user_id)
        if known is None:
            raise LoginRefused
        answer_as(known)
        if body["school"]:
            school_id = require_school(known, Action.KEEP_SCHOOL_TOKENS)
            token, secret = tokens.issue_for_school(session, school_id, wish, house.settings.tokens)
        else:
            token, secret = tokens.issue(session, known, wish, house.settings.tokens)
        return {**_shown(token), "token": secret}


@noun.reads("/tokens", TokensSchema)
def index() -> dict[str, Any]:
    """List one's own tokens, and for a school's administrators those of the school."""
    with services().store.reading(viewer().tenant) as session:
        own = tokens.tokens_of(session, viewer())
        of_school = tokens.tokens_of_school(session, viewer())
        return {"items": [_shown(token) for token in (*own, *of_school)]}


@noun.changes("/tokens/current", None, None, method="DELETE", status=204)
def forget() -> None:
    """End the very token that this request is sent with."""
    with services().store.begin(viewer().tenant) as session:
        tokens.forget(session, viewer(), secret())


@noun.changes("/tokens/<token_id>", None, Scope.MANAGE, method="DELETE", status=204)
def revoke(token_id: str) -> None:
    """End one of one's own tokens, or of the school that one administers, at once."""
    with services().store.begin(viewer().tenant) as session:
        tokens.revoke(session, viewer(), token_id)


def _shown(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "school": token.user.role == Role.SCRIPT,
        "scopes": sorted(scopes.found(token.scopes)),
        "created_at": token.created_at,
        "ends_at": token.ends_at,
        "used_at": token.used_at,
    }
