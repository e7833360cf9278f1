"""How far a training is: `progress.json`, which the job replaces whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.results.documents import Malformed, document, metrics, number, number_or_none

FILE = "progress.json"
MOST_BYTES = 64 * 1024
STAGES = ("loading", "training", "evaluating", "saving")


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` is between 0 and 1; `updated_at` is UTC seconds by the node's clock."""

    stage: str
    step: float | None
    steps: float | None
    fraction: float | None
    epoch: float | None
    epochs: float | None
    metrics: Mapping[str, float]
    updated_at: float


def parse(content: bytes) -> Progress:
    """What the job says. Raises `Malformed`."""
    found = document(content)
    stage = found.get("stage")
    if stage not in STAGES:
        raise Malformed("no stage of a training")
    fraction = number_or_none(found.get("fraction"))
    return Progress(
        stage=stage,
        step=number_or_none(found.get("step")),
        steps=number_or_none(found.get("steps")),
        fraction=None if fraction is None else min(1.0, max(0.0, fraction)),
        epoch=number_or_none(found.get("epoch")),
        epochs=number_or_none(found.get("epochs")),
        metrics=metrics(found.get("metrics") or {}),
        updated_at=number(found.get("updated_at")),
    )
