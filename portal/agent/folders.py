"""What a job finds on the shared file system: a run's folder, and the working folder of a batch.

Every path inside is relative, so that nodes may mount the data root elsewhere. Each file is whole
or not there: a crash in between leaves something that is simply written again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portal.accelerators import ShareOffer
from portal.catalog import Catalog
from portal.config import Settings
from portal.datasets.contents import Contents
from portal.store.tables import Batch, Run

FORMAT = 1


def run_folder(run_id: str) -> str:
    """A run's folder below the data root."""
    return f"runs/{run_id[:2]}/{run_id}"


def batch_folder(batch_id: str) -> str:
    """A batch's working folder below the data root."""
    return f"batches/{batch_id}"


def lay_out(
    settings: Settings, catalog: Catalog, program: str, batch: Batch, offer: ShareOffer
) -> Path:
    """Write the folders of a batch and of its runs; the batch's folder as the portal sees it.

    `program` is the hash of the published programs, `offer` the share of each run. Safe to repeat.
    """
    root = settings.data.root
    folder = root / batch_folder(batch.id)
    folder.mkdir(parents=True, exist_ok=True)
    _link(folder / "program", f"../../programs/{program}")
    tasks = {}
    for run in batch.runs:
        below = run_folder(run.id)
        home = root / below
        home.mkdir(parents=True, exist_ok=True)
        _write(home / "run.json", describe(settings, catalog, run, offer))
        tasks[str(run.task)] = {"run": run.id, "folder": f"../../{below}", "attempt": run.attempt}
    _write(folder / "tasks.json", {"version": FORMAT, "batch": batch.id, "tasks": tasks})
    return folder


def describe(settings: Settings, catalog: Catalog, run: Run, offer: ShareOffer) -> dict[str, Any]:
    """Everything that a training program needs to know, as `run.json` holds it."""
    template = catalog.get(run.template)
    environment = settings.environments[template.environment]
    seat = run.seat
    return {
        "version": FORMAT,
        "run": run.id,
        "template": template.name,
        "program": template.program,
        "parameters": run.parameters,
        "data": {
            "kind": run.data_set.kind,
            "folder": f"../../../{Contents(settings.data.root).relative(run.data_set.sha256)}",
            "sha256": run.data_set.sha256,
            "name": run.data_set.name_zh if run.language == "zh" else run.data_set.name_en,
        },
        "environment": {"name": template.environment, **asdict(environment)},
        "share": {
            "eighths": run.eighths,
            "memory_fraction": offer.memory_fraction,
            "cores": offer.cpus,
        },
        "language": run.language,
        "seed": run.seed,
        "seat": None if seat is None else {"number": seat.number, "class": seat.school_class.name},
    }


def _write(path: Path, data: Mapping[str, Any]) -> None:
    draft = path.parent / f".{path.name}.{os.getpid()}"
    # In one line: indenting is not done by json's C code, and costs as much as the file.
    draft.write_bytes(json.dumps(data, ensure_ascii=False).encode())
    draft.replace(path)


def _link(path: Path, target: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(path)
