"""What a model got right and wrong: `confusion.json` and `predictions.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.results.documents import Malformed, document, number_or_none, text, whole
from portal.results.status import ARTIFACT

CONFUSION_FILE = "confusion.json"
PREDICTIONS_FILE = "predictions.json"
MOST_BYTES = 1 << 20
MOST_CLASSES = 100
MOST_COLUMNS = 200
LABEL_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class was taken for each: a row for the truth, a column for the guess."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One held-out example: a picture (the name of an artifact) or a row of a table."""

    picture: str | None
    row: dict[str, str] | None
    truth: str
    guess: str
    confidence: float | None


def confusion(content: bytes) -> Confusion:
    """The matrix. Raises `Malformed`, also where it is not square."""
    found = document(content)
    labels, matrix = found.get("labels"), found.get("matrix")
    if not isinstance(labels, list) or not isinstance(matrix, list):
        raise Malformed("no matrix")
    if not 0 < len(labels) <= MOST_CLASSES or len(matrix) != len(labels):
        raise Malformed("no square matrix")
    return Confusion(
        tuple(text(label, LABEL_CHARACTERS) for label in labels),
        tuple(_counts(row, len(labels)) for row in matrix),
    )


def _counts(row: object, width: int) -> tuple[int, ...]:
    if not isinstance(row, list) or len(row) != width:
        raise Malformed("no square matrix")
    counts = tuple(whole(count) for count in row)
    if min(counts) < 0:
        raise Malformed("less than none")
    return counts


def predictions(content: bytes, limit: int) -> list[Prediction]:
    """The first `limit` predictions that make sense. Raises `Malformed` where it is no list."""
    items = document(content).get("items")
    if not isinstance(items, list):
        raise Malformed("no predictions")
    found: list[Prediction] = []
    for item in items:
        if len(found) == limit:
            break
        try:
            found.append(_prediction(item))
        except Malformed:
            continue
    return found


def _prediction(item: Any) -> Prediction:
    if not isinstance(item, dict):
        raise Malformed("no prediction")
    picture, row = item.get("picture"), item.get("row")
    if picture is not None and not (isinstance(picture, str) and ARTIFACT.fullmatch(picture)):
        raise Malformed("no picture")
    return Prediction(
        picture=picture,
        row=_row(row) if isinstance(row, dict) else None,
        truth=text(item.get("truth"), LABEL_CHARACTERS),
        guess=text(item.get("guess"), LABEL_CHARACTERS),
        confidence=number_or_none(item.get("confidence")),
    )


def _row(row: dict[str, Any]) -> dict[str, str]:
    """The values of a row as text: numbers were written in many ways by whoever made the table."""
    return {
        text(name, LABEL_CHARACTERS): "" if value is None else text(str(value), LABEL_CHARACTERS)
        for name, value in list(row.items())[:MOST_COLUMNS]
        if value is None or isinstance(value, str | int | float)
    }
