"""The API keeps the word of its OpenAPI document.

schemathesis asks what the document allows and what it forbids, as everybody who may come in, and
holds every answer against it: status, headers, content type, schema, and that a fault is refused.

The tries of the row are examples that are made up for each operation and role, the same in every
run; those at the edges of what a schema says come to them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from werkzeug.serving import make_server

from portal.people import tokens
from portal.people.accounts import find, load_viewer
from portal.people.scopes import EVERYTHING
from portal.store import EVERYONE
from stage.security.outcome import Outcome
from stage.security.scene import PEOPLE, Scene, populated

DOCUMENT = "/api/v1/openapi.json"
ROLES = ("admin", "teacher", "staff", "seat", "nobody")
# What schemathesis takes for an acceptance, where a schema says all that there is to say.
ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
# Whether there is such a template and data set, whether its columns and shares are those of the
# template, whether a file holds a table, whether a name is taken, whether the class has such a
# seat, whether a day is near, and what confirms a deletion: no schema can say that, and the answer
# is 422.
BEYOND_SCHEMAS = (
    *("lessons.launch", "fit.ask", "runs.start", "runs.check", "datasets.upload"),
    *("classes.make", "cards.deal", "schools.make", "schools.change", "people.add"),
    *("people.change", "terms.add", "terms.move", "deletions.ask"),
)


def _account(scene: Scene, who: str) -> type:
    """Somebody with a token, as schemathesis wants to be told."""

    class Account:
        token = ""

        def get(self, case: schemathesis.Case[Any], context: object) -> str:  # noqa: ARG002
            """A token that is good now: some of what is tried ends the one that it is sent with."""
            if tokens.resolve(scene.classroom.house.store, self.token) is None:
                self.token = _token(scene, who)
            return self.token

        def set(self, case: schemathesis.Case[Any], data: str, context: object) -> None:  # noqa: ARG002
            case.headers["Authorization"] = f"Bearer {data}"

    return Account


def _token(scene: Scene, who: str) -> str:
    with scene.classroom.house.store.begin(EVERYONE) as session:
        user = find(session, PEOPLE[who])
        viewer = load_viewer(session, user.id) if user is not None else None
        if viewer is None:
            raise LookupError(PEOPLE[who])
        return tokens.issue(session, viewer, tokens.Wish("contract", 1, EVERYTHING))[1]


def tried(tries: int, roles: Sequence[str] = ROLES, edges: Sequence[str] = ROLES) -> Outcome:
    """`tries` examples of each operation for each role; an answer of another kind is a failure.

    `edges` are the roles that are also tried at the edges of every schema, some thousand requests.
    """
    outcome = Outcome()
    with populated() as scene:
        for role in roles:
            for event in _asked(scene, role, _config(tries, edges=role in edges)):
                _count(outcome, role, event)
            scene.undo()
    return outcome


def _asked(scene: Scene, role: str, config: SchemathesisConfig) -> Iterator[events.EngineEvent]:
    with _served(scene.app) as address:
        schema = schemathesis.openapi.from_url(address + DOCUMENT, config=config)
        if role != "nobody":
            schema.auth(refresh_interval=None)(_account(scene, role))
        yield from from_schema(schema).execute()


def _config(tries: int, *, edges: bool) -> SchemathesisConfig:
    """https://schemathesis.readthedocs.io/en/stable/reference/configuration/"""
    lenient = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "422"]}}
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            # Cards for forty seats are forty hashes, on a machine that may be doing much else.
            "request-timeout": 300,
            "generation": {"max-examples": tries, "deterministic": True, "no-shrink": True},
            "phases": {"coverage": {"enabled": edges}},
            "cache": {"enabled": False},
            "operations": [
                {"include-operation-id": each, "checks": lenient} for each in BEYOND_SCHEMAS
            ],
        }
    )


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    """The application over HTTP, whose address is given."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def _count(outcome: Outcome, role: str, event: events.EngineEvent) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        outcome.fails(f"{role}: {event}")
    if not isinstance(event, events.ScenarioFinished):
        return
    for checks in event.recorder.checks.values():
        outcome.tries += 1
        outcome.count(role)
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                outcome.fails(f"{role}, {event.label}: {check.name}: {check.failure_info.failure}")
