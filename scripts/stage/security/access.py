"""Every route, for every role, of its own school and of another's, against a table.

What each may expect stands in ``access.txt``. A route that is not in it is a failure, so that
nobody adds one without saying who may use it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from stage.security.outcome import Outcome, progress
from stage.security.scene import PEOPLE, Scene, populated

TABLE = Path(__file__).with_name("access.txt")
ROLES = ("nobody", *PEOPLE)
STRANGERS = {"seat2", "teacher2", "admin2"}
PLACE = re.compile(r"<([^<>]+)>")
# What is sent where something must be sent, so that who is refused is refused for who it is, and
# not for what was sent. "{data_id}" and the like are what the address would name so.
LESSON = {"class": "7-3", "template": "image-classifier", "data": "{data_id}", "minutes": 40}
RUN = {"template": "image-classifier", "data": "{data_id}"}
FORM = {"data": "{data_id}", "whom": "me", "class": "{class_id}"}
PERSON = {"login": "sun", "name": "Sun", "role": "teacher", "school": "{school}"}
FILE = {"name": "Mine", "file": "a,b,c\n" + "1,2,x\n3,4,y\n" * 20}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/classes": {"slug": "9-9", "name": "9 (9)", "seats": 2},
    "POST /api/v1/classes/<class_id>/cards": {"seats": [1]},
    "PUT /api/v1/classes/<class_id>/homework": {"homework": True},
    "PUT /api/v1/classes/<id_or_slug>/term": {"term": "{term_id}"},
    "POST /api/v1/deletions/<kind>/<which>": {"typed": "7-2"},
    "POST /api/v1/schools/<school>/consent": {"version": 1},
    "POST /api/v1/schools/<school>/terms": {"name": "Next", "last_day": "{last_day}"},
    "PATCH /api/v1/terms/<term_id>": {"last_day": "{last_day}"},
    "POST /api/v1/datasets": FILE,
    "POST /api/v1/fit": LESSON,
    "POST /api/v1/lessons": LESSON,
    "POST /api/v1/runs": RUN,
    "POST /api/v1/check": {"runs": [RUN]},
    "POST /api/v1/people": PERSON,
    "PATCH /api/v1/people/<user_id>": {"name": "Sun"},
    "PUT /api/v1/people/<user_id>/active": {"active": True},
    "POST /api/v1/schools": {"slug": "dong", "name": "Dong", "slurm_account": "dong"},
    "PATCH /api/v1/schools/<school>": {"name": "Dong"},
    "PUT /api/v1/schools/<school>/active": {"active": True},
    "PUT /api/v1/schools/<school>/templates": {"templates": ["image-classifier"]},
    "POST /api/v1/tokens": {"login": "li", "password": "wrong"},
    "POST /classes/<class_id>/cards": {"seats": "1-2"},
    "POST /classes/new": {"slug": "9-9", "name": "9 (9)", "seats": "2"},
    "POST /classes/several": {"slug": "9-9", "name": "9 (9)", "seats": "2"},
    "POST /data/new": FILE,
    "POST /language": {"language": "en"},
    "POST /login": {"login": "li", "password": "wrong"},
    "POST /people/<user_id>": PERSON,
    "POST /people/<user_id>/switch": {"on": "on"},
    "POST /people/new": PERSON,
    "POST /school/data/classes/<class_id>": {"term": "{term_id}"},
    "POST /school/data/consent": {"version": "1"},
    "POST /school/data/delete/<kind>/<which>": {"typed": "7-2"},
    "POST /school/data/terms": {"name": "Next", "last_day": "{last_day}"},
    "POST /school/data/terms/<term_id>": {"last_day": "{last_day}"},
    "POST /sit": {"code": "k7m2px", "number": "1", "pin": "123456"},
    "POST /staff/schools/<school>": {"name": "Dong", "slurm_account": "dong"},
    "POST /staff/schools/<school>/switch": {"on": "on"},
    "POST /staff/schools/<school>/templates": {"template": "image-classifier"},
    "POST /staff/schools/new": {"slug": "dong", "name": "Dong", "slurm_account": "dong"},
    "POST /theme": {"theme": "dark"},
    "POST /tokens": {"name": "a script", "days": "1", "scopes": "read"},
    "POST /train/<template>": FORM,
    "POST /train/<template>/fit": FORM,
    "POST /train/<template>/settings": FORM,
}


@dataclass(frozen=True)
class Line:
    """What each role is answered at one route."""

    method: str
    rule: str
    expected: dict[str, str]

    @property
    def route(self) -> str:
        return f"{self.method} {self.rule}"


def table() -> list[Line]:
    """The lines of ``access.txt``."""
    rows = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row and row[0] != "#"]
    if tuple(rows[0][2:]) != ROLES:
        raise ValueError(f"{TABLE} has other roles than {ROLES}")
    return [
        Line(method, rule, dict(zip(ROLES, codes, strict=True)))
        for method, rule, *codes in rows[1:]
    ]


def routes(app: Flask) -> set[str]:
    """Every method of every address that the application answers at."""
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def tried(_tries: int) -> Outcome:
    """Ask everything as everybody, once."""
    outcome, lines = Outcome(), table()
    with populated() as scene:
        known = {line.route for line in lines}
        for route in sorted(routes(scene.app) ^ known):
            outcome.tries += 1
            outcome.fails(f"{route} is not in access.txt, or is there and nowhere else")
        lines = [line for line in lines if line.route in routes(scene.app)]
        tell = progress("access", len(lines) * len(ROLES))
        secrets = _of_the_school(scene)
        for line in lines:
            for who in ROLES:
                outcome.tries += 1
                for words in _ask(scene, line, who, secrets):
                    outcome.fails(f"{line.route} as {who}: {words}")
                tell(outcome.tries)
        outcome.seen = {"routes": len(lines), "roles": len(ROLES)}
    return outcome


def _ask(scene: Scene, line: Line, who: str, secrets: set[str]) -> Iterator[str]:
    """What is wrong with one answer."""
    path = PLACE.sub(lambda place: scene.things[place[1]], line.rule)
    body = _body(scene, line.route)
    answer = scene.ask(who, line.method, path, body)
    word = _word(answer)
    if word != line.expected[who]:
        yield f"{word} instead of {line.expected[who]}"
    if who in STRANGERS:
        asked = {secret for secret in secrets if secret in path or secret in repr(body)}
        told = b"" if answer.is_streamed and "event-stream" in answer.content_type else answer.data
        yield from (f"tells of {secret}" for secret in secrets - asked if secret.encode() in told)
    answer.close()
    if line.method != "GET" and answer.status_code < HTTPStatus.BAD_REQUEST:
        scene.undo()


def _word(answer: TestResponse) -> str:
    """An answer as the table has it."""
    to_login = urlsplit(answer.headers.get("Location", "")).path == "/login"
    return "login" if to_login else str(answer.status_code)


def _body(scene: Scene, route: str) -> dict[str, Any]:
    body: dict[str, Any] = _filled(BODIES.get(route, {}), scene.things)
    if "file" in body:
        body["file"] = (io.BytesIO(body["file"].encode()), "mine.csv")
    return body


def _filled(value: Any, things: dict[str, str]) -> Any:
    """The same with ids for their names."""
    if isinstance(value, dict):
        return {name: _filled(one, things) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, things) for one in value]
    return things[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value


def _of_the_school(scene: Scene) -> set[str]:
    """Ids and names that nobody of the other school is ever told."""
    classroom = scene.classroom
    runs = [run for those in classroom.runs.values() for run in those]
    own = [scene.things[name] for name in ("data_id", "school_id", "token_id", "user_id")]
    return {
        classroom.lesson_id,
        classroom.class_id,
        *runs,
        *own,
        "华附小学",
        "自己的图形",
    }
