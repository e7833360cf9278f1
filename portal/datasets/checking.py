"""Have an upload checked by the worker, and believe only what can be verified of its answer."""

from __future__ import annotations

import json
import logging
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.datasets import manifest as manifests
from portal.datasets import preview as previews
from portal.datasets import sentences
from portal.datasets.files import FILES, MANIFEST, PREVIEW
from portal.datasets.limits import EXIT_OUT_OF_SPACE, Limits
from portal.datasets.manifest import Manifest
from portal.errors import Invalid, Unavailable
from portal.language import N_, Text

WORKER = "portal.datasets.worker"
ANSWER_BYTES = 1 << 20
MANIFEST_BYTES = 16 << 20
# The worker's own limit counts seconds of CPU; the rest is waiting for a busy machine.
PATIENCE = 4
# Nothing of the portal's own environment (settings, proxies) goes along.
ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What to check, and how."""

    source: Path
    limits: Limits
    label: str | None
    class_names: Mapping[str, Text]


def check(order: Order, out: Path, scratch: Path) -> Manifest:
    """Fill the empty folder `out` with a checked content; `scratch` takes what the worker says.

    Raises `Invalid` with what a person can mend, `Unavailable` where the portal is at fault.
    """
    said, complaints = scratch / "answer.json", scratch / "errors.txt"
    request = {
        "source": str(order.source),
        "out": str(out),
        "limits": order.limits.plain(),
        "label": order.label,
        "class_names": {k: {"zh": t.zh, "en": t.en} for k, t in order.class_names.items()},
    }
    # Into files, not pipes, so that the worker's limit on file size holds for its answer too.
    with said.open("wb") as stdout, complaints.open("wb") as stderr:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-m", WORKER],
                input=json.dumps(request).encode(),
                stdout=stdout,
                stderr=stderr,
                env=ENVIRONMENT,
                timeout=PATIENCE * order.limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as cause:
            raise _gave_up() from cause
    if done.returncode == EXIT_OUT_OF_SPACE:
        raise Unavailable(N_("The storage is full. Please tell the computing centre."))
    if done.returncode != 0:
        log.warning(
            "the worker ended with %s: %s", done.returncode, _end_of(complaints, ANSWER_BYTES)
        )
        raise _gave_up()
    answer = json.loads(_read(said, ANSWER_BYTES))
    if "refused" in answer:
        raise Invalid({k: sentences.messages(v) for k, v in answer["refused"].items()})
    return _verified(out)


def _gave_up() -> Invalid:
    return Invalid.one(
        "file",
        N_(
            "This file could not be checked: it is damaged, or it needs too much memory or time. "
            "Try a smaller one."
        ),
    )


def _verified(out: Path) -> Manifest:
    """The manifest, if the folder is what a content must be: plain files of the right names."""
    for file in out.iterdir():
        if not stat.S_ISREG(file.lstat().st_mode):
            raise ValueError(f"the worker left {file.name!r}, which is no plain file")
    manifest = manifests.parse(_json(out / MANIFEST))
    previews.parse(_json(out / PREVIEW))
    if {file.name for file in out.iterdir()} != FILES[manifest.kind]:
        raise ValueError(f"the worker left other files than a content of {manifest.kind} has")
    return manifest


def _json(path: Path) -> Any:
    return json.loads(_read(path, MANIFEST_BYTES))


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path.name} is longer than {most} bytes")
    return content


def _end_of(path: Path, most: int) -> str:
    lines = _read(path, most).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
