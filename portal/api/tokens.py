"""Tokens: got with a password once, and then sent instead of it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request

from portal.api.door import answer_as, secret, viewer
from portal.api.noun import Noun
from portal.api.values import AtMost
from portal.people import tokens
from portal.people.accounts import load_viewer
from portal.people.login import LoginRefused, Visitor
from portal.services import services
from portal.store import EVERYONE
from portal.store.tables import Token

noun = Noun("tokens", "Secrets that scripts log in with.")


class LoginSchema(ma.Schema):
    """Who wants a token, and for how long."""

    login = ma.fields.String(required=True, validate=AtMost(64, 1))
    password = ma.fields.String(required=True, validate=AtMost(1024, 1))
    name = ma.fields.String(
        load_default="API", metadata={"description": "What the token is for, for your own list."}
    )
    days = ma.fields.Integer(load_default=30, strict=True)


class TokenSchema(ma.Schema):
    """A token without its secret."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    created_at = ma.fields.Float(required=True)
    ends_at = ma.fields.Float(required=True)
    used_at = ma.fields.Float(required=True, allow_none=True)


class NewTokenSchema(TokenSchema):
    """A token with its secret, which is shown this once."""

    token = ma.fields.String(required=True, metadata={"example": "ksn_…"})


class TokensSchema(ma.Schema):
    """One's own tokens."""

    items = ma.fields.List(ma.fields.Nested(TokenSchema), required=True)


@noun.changes("/tokens", NewTokenSchema, body=LoginSchema, status=201, public=True)
def issue(body: dict[str, Any]) -> dict[str, Any]:
    """Get a token for a login and its password."""
    house = services()
    visitor = Visitor(address=request.remote_addr)
    user_id = house.door.authenticate(body["login"], body["password"], visitor)
    with house.store.begin(EVERYONE) as session:
        known = load_viewer(session, user_id)
        if known is None:
            raise LoginRefused
        token, secret = tokens.issue(session, known, body["name"], body["days"])
        answer_as(known)
        return {**_shown(token), "token": secret}


@noun.reads("/tokens", TokensSchema)
def index() -> dict[str, Any]:
    """List one's own tokens."""
    with services().store.reading(viewer().tenant) as session:
        return {"items": [_shown(token) for token in tokens.tokens_of(session, viewer())]}


@noun.changes("/tokens/current", None, method="DELETE", status=204)
def forget() -> None:
    """End the very token that this request is sent with."""
    with services().store.begin(viewer().tenant) as session:
        tokens.forget(session, viewer(), secret())


@noun.changes("/tokens/<token_id>", None, method="DELETE", status=204)
def revoke(token_id: str) -> None:
    """End one of one's own tokens at once."""
    with services().store.begin(viewer().tenant) as session:
        tokens.revoke(session, viewer(), token_id)


def _shown(token: Token) -> dict[str, Any]:
    return {name: getattr(token, name) for name in TokenSchema().fields}
