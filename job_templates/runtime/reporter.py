"""What a program tells while it works: progress.json and metrics.jsonl."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from runtime.failures import NotANumber
from runtime.files import append_line, write_json

STAGES = ("loading", "training", "evaluating", "saving")
SHARE_OF_TRAINING = 0.95
SECONDS_BETWEEN = 0.5
"""A page of forty seats looks once a second; writing more often only wears the file system."""


class Reporter:
    """Writes both files of one attempt."""

    def __init__(self, folder: Path) -> None:
        self._metrics = folder / "metrics.jsonl"
        # On a laptop the folder may hold an earlier run.
        self._metrics.unlink(missing_ok=True)
        self._progress = folder / "progress.json"
        self._written_at = 0.0
        self._now: dict[str, Any] = {"stage": "loading", "fraction": 0.0, "metrics": {}}
        self.training_since: float | None = None
        self.trained_until: float | None = None
        self.steps_done = 0

    def stage(self, name: str) -> None:
        """Says what the program does now: loading, training, evaluating or saving."""
        if name not in STAGES:
            raise ValueError(f"there is no stage {name!r}")
        if name == "training" and self.training_since is None:
            self.training_since = time.time()
        if name in ("evaluating", "saving") and self.trained_until is None:
            self.trained_until = time.time()
        self._now["stage"] = name
        if name == "evaluating":
            self._now["fraction"] = SHARE_OF_TRAINING
        elif name == "saving":
            self._now["fraction"] = 0.98
        self._write()

    def progress(
        self,
        *,
        step: int,
        steps: int,
        epoch: float | None = None,
        epochs: int | None = None,
    ) -> None:
        """Says how far training is; written at most twice a second."""
        self.steps_done = step
        fraction = SHARE_OF_TRAINING * min(step / steps, 1.0) if steps else 0.0
        self._now.update(step=step, steps=steps, fraction=round(fraction, 4))
        if epoch is not None and epochs is not None:
            self._now.update(epoch=round(epoch, 3), epochs=epochs)
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN:
            self._write()

    def metric(self, *, step: int, epoch: float | None = None, **values: float) -> None:
        """Adds a point to the curves: the series that template.toml declares.

        Raises:
            NotANumber: a value is infinite or none; going on would teach nothing.
        """
        for name, value in values.items():
            if not math.isfinite(value):
                raise NotANumber(f"{name} is {value} at step {step}")
        began = self.training_since or time.time()
        line: dict[str, float] = {"step": step, "t": round(time.time() - began, 3)}
        if epoch is not None:
            line["epoch"] = round(epoch, 4)
        line.update({name: round(float(value), 6) for name, value in values.items()})
        append_line(self._metrics, line)
        self._now["metrics"].update({name: line[name] for name in values})

    def seconds_trained(self) -> float | None:
        """Seconds in training so far or at all; None before it began."""
        if self.training_since is None:
            return None
        return round((self.trained_until or time.time()) - self.training_since, 3)

    def _write(self) -> None:
        self._written_at = time.monotonic()
        write_json(self._progress, {**self._now, "updated_at": time.time()})
