from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from portal.results.classroom import Classroom, attempts_of
from portal.results.folder import RunFolder
from portal.results.progress import Progress

RUN = "0f9c1d2e-1111-4222-8333-444455556666"


def progress_of(
    root: Path, wanted: list[tuple[str, int]], seen: Classroom | None = None
) -> dict[str, Progress]:
    """What a class page would know of these attempts."""
    seen = seen or Classroom()
    told = {attempt.key[1]: seen.progress(attempt) for attempt in attempts_of(root, wanted)}
    return {run: progress for run, progress in told.items() if progress is not None}


@dataclass
class Job:
    """What a job does to its folder, good or bad."""

    data_root: Path
    run: str = RUN
    attempt: int = 1

    @property
    def folder(self) -> Path:
        path = self.data_root / "runs" / self.run[:2] / self.run / f"attempt-{self.attempt}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def artifacts(self) -> Path:
        path = self.folder / "artifacts"
        path.mkdir(exist_ok=True)
        return path

    @property
    def read(self) -> RunFolder:
        return RunFolder(self.data_root, self.run)

    def writes(self, name: str, content: object) -> Path:
        """Write a file: bytes and text as they are, anything else as JSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def leaves(self, **artifacts: bytes) -> None:
        """Write artifacts (`model__onnx` is model.onnx) and a status that lists them."""
        listed = []
        for key, content in artifacts.items():
            name = key.replace("__", ".").replace("_of_", "/")
            self.writes(f"artifacts/{name}", content)
            kind = "picture" if name.endswith(".png") else "model"
            digest = sha256(content).hexdigest()
            listed.append({"name": name, "kind": kind, "bytes": len(content), "sha256": digest})
        self.writes("status.json", self.status(artifacts=listed))

    def status(self, **changes: object) -> dict[str, object]:
        """The status of a run that went well."""
        return {
            "version": 1,
            "run": self.run,
            "attempt": self.attempt,
            "job": "123_4",
            "verdict": "succeeded",
            "reason": None,
            "finished_early": False,
            "exit_code": 0,
            "metrics": {"accuracy": 0.91},
            "started_at": 1_800_000_000.5,
            "ended_at": 1_800_000_060,
            "setup_seconds": 2.5,
            "train_seconds": 57,
            "steps": 300,
            "detail": "",
            "artifacts": [],
        } | changes


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)
