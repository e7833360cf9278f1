"""The document says what the API does: every address, valid, and with one shape of error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.api.conftest import World

PLACE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
ERROR = "#/components/schemas/Error"


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    answer = world.nobody.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_address_is_in_it(world: World, document: dict[str, Any]) -> None:
    served = {
        (method.lower(), PLACE.sub(r"{\1}", rule.rule))
        for rule in world.app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        if rule.rule.startswith("/api/v1") and not rule.rule.endswith("openapi.json")
    }
    described = {(method, path) for method, path, _ in _operations(document)}
    assert described == served


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    schemas = document["components"]["responses"]
    for method, path, operation in _operations(document):
        assert operation["summary"].endswith("."), (method, path)
        assert {"401", "404", "422", "503"} <= set(operation["responses"]), (method, path)
    for name, response in schemas.items():
        assert response["content"]["application/json"]["schema"] == {"$ref": ERROR}, name


def test_what_starts_work_needs_a_key(document: dict[str, Any]) -> None:
    keyed = {
        path
        for _, path, operation in _operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert keyed == {
        "/api/v1/lessons",
        "/api/v1/runs",
        "/api/v1/lessons/{lesson_id}/retry",
        "/api/v1/runs/{run_id}/retry",
    }


def test_only_a_token_is_got_without_one(document: dict[str, Any]) -> None:
    assert document["security"] == [{"token": []}]
    public = {
        path for _, path, operation in _operations(document) if operation.get("security") == []
    }
    assert public == {"/api/v1/tokens"}


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_the_page_of_the_api_lists_every_address(document: dict[str, Any]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (GET|POST|PUT|PATCH|DELETE)( \*)? \| `([^`]+)` \|", page, re.MULTILINE)
    keyed = {(method.lower(), path) for method, star, path in rows if star}
    listed = {(method.lower(), path) for method, _, path in rows}
    operations = _operations(document)
    assert listed == {(method, path.removeprefix("/api/v1")) for method, path, _ in operations}
    assert keyed == {
        (method, path.removeprefix("/api/v1"))
        for method, path, operation in operations
        if any(given["name"] == "Idempotency-Key" for given in operation.get("parameters", []))
    }
