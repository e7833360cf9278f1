"""The run as a program sees it."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.attention import Attention
from runtime.failures import EnvironmentMissing
from runtime.files import write_bytes, write_json
from runtime.reporter import Reporter


class Run:
    """Everything that a template's program needs, and everything that it tells.

    `report.metric(…)` and `report.progress(…)` while training, `finish_now` looked at after every
    step, `save_…` for what comes out, `headline(accuracy=…)` for what a class compares.
    """

    def __init__(
        self, description: dict[str, Any], data: Path, out: Path, launched_at: float
    ) -> None:
        self.id: str = str(description.get("run"))
        self.template: str = str(description.get("template"))
        self.parameters: dict[str, Any] = dict(description.get("parameters") or {})
        self.language: str = str(description.get("language") or "zh")
        self.seed: int = int(description.get("seed") or 0)
        self.seat: dict[str, Any] = description.get("seat") or {}
        self.share: dict[str, Any] = description.get("share") or {}
        self.data_name: str = str((description.get("data") or {}).get("name") or data.stem)
        self.data_folder = data
        self.out = out
        self.artifacts_folder = out / "artifacts"
        self.artifacts_folder.mkdir(exist_ok=True)
        self.report = Reporter(out)
        self.metrics: dict[str, float] = {}
        self.artifacts: list[dict[str, str]] = []
        self.finished_early = False
        self._launched_at = launched_at
        self._attention = Attention()

    @property
    def finish_now(self) -> bool:
        """True once the bell has rung: keep the best model, evaluate it, save, end well."""
        if self._attention.finish_now:
            self.finished_early = True
        return self._attention.finish_now

    def say(self, zh: str, en: str) -> str:
        """A sentence in the language of whoever started the run."""
        return zh if self.language.startswith("zh") else en

    def headline(self, **metrics: float) -> None:
        """The numbers of the finished model; the template's headline metric is one of them."""
        self.metrics.update({name: round(float(value), 6) for name, value in metrics.items()})

    def save_json(self, name: str, value: Any, kind: str) -> None:
        """An artifact made of JSON."""
        write_json(self._place(name), value, durable=True)
        self._listed(name, kind)

    def save_bytes(self, name: str, body: bytes, kind: str) -> None:
        """An artifact made of bytes. Many small pictures are not waited for one by one."""
        write_bytes(self._place(name), body, durable=kind != "picture")
        self._listed(name, kind)

    @contextlib.contextmanager
    def libraries(self) -> Iterator[None]:
        """Around the imports of a program: a library that is not there gets its own reason.

        Python's collector looks through half a million new objects again and again while torch
        or scikit-learn load, and finds nothing; without it the imports take a tenth less.
        """
        gc.disable()
        try:
            yield
        except ImportError as error:
            raise EnvironmentMissing(f"{type(error).__name__}: {error}") from error
        finally:
            gc.freeze()
            gc.enable()

    def outcome(self, reason: str | None = None, detail: str = "") -> dict[str, Any]:
        """The program's own word about the run, for the launcher."""
        since = self.report.training_since or time.time()
        return {
            "verdict": "succeeded" if reason is None else "failed",
            "reason": reason,
            "detail": detail,
            "finished_early": self.finished_early,
            "metrics": self.metrics,
            "setup_seconds": round(max(since - self._launched_at, 0.0), 3),
            "train_seconds": self.report.seconds_trained(),
            "steps": self.report.steps_done,
            "artifacts": self.artifacts,
        }

    def _place(self, name: str) -> Path:
        path = self.artifacts_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _listed(self, name: str, kind: str) -> None:
        self.artifacts = [entry for entry in self.artifacts if entry["name"] != name]
        self.artifacts.append({"name": name, "kind": kind})
