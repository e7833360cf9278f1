"""The job's own word on how it ended: `status.json`, and who claimed the attempt: `claim.json`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.results.documents import (
    Malformed,
    document,
    metrics,
    number,
    number_or_none,
    text,
    whole,
)

FILE = "status.json"
CLAIM_FILE = "claim.json"
MOST_BYTES = 1 << 20
MOST_ARTIFACTS = 500
VERSION = 1
REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
# Folders and names of plain letters; what starts with a dot is nobody's result.
ARTIFACT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63}/){0,2}[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that the job says it left in `artifacts/`."""

    name: str
    kind: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Status:
    """The contract's version 1; times are UTC seconds by the node's clock."""

    run: str
    attempt: int
    job: str
    verdict: Literal["succeeded", "failed"]
    reason: str | None
    finished_early: bool
    exit_code: int | None
    metrics: Mapping[str, float]
    started_at: float
    ended_at: float
    setup_seconds: float | None
    train_seconds: float | None
    steps: float | None
    detail: str
    artifacts: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Which job works on an attempt: its id as Slurm writes it (`123_4`), where, since when."""

    job_id: str
    host: str
    started_at: float


def parse(content: bytes, run: str, attempt: int) -> Status:
    """What the job says of this very attempt. Raises `Malformed`."""
    found = document(content)
    verdict, reason = found.get("verdict"), found.get("reason")
    if (found.get("version"), found.get("run"), found.get("attempt")) != (VERSION, run, attempt):
        raise Malformed("a status of something else")
    if verdict not in ("succeeded", "failed"):
        raise Malformed("no verdict")
    if reason is not None and not (isinstance(reason, str) and REASON.fullmatch(reason)):
        raise Malformed("a reason that is no code")
    exit_code = found.get("exit_code")
    return Status(
        run=run,
        attempt=attempt,
        job=text(found.get("job") or "", 64),
        verdict=verdict,
        reason=reason,
        finished_early=found.get("finished_early") is True,
        exit_code=None if exit_code is None else whole(exit_code),
        metrics=metrics(found.get("metrics") or {}),
        started_at=number(found.get("started_at")),
        ended_at=number(found.get("ended_at")),
        setup_seconds=number_or_none(found.get("setup_seconds")),
        train_seconds=number_or_none(found.get("train_seconds")),
        steps=number_or_none(found.get("steps")),
        detail=text(found.get("detail") or "", 2_000),
        artifacts=_artifacts(found.get("artifacts") or []),
    )


def parse_claim(content: bytes) -> Claim:
    """Who claimed an attempt. Raises `Malformed`."""
    found = document(content)
    return Claim(
        text(found.get("job_id"), 64),
        text(found.get("host"), 255),
        number(found.get("started_at")),
    )


def _artifacts(found: object) -> tuple[Listed, ...]:
    """The files listed; one that is listed wrongly is left out, for the others are still good."""
    if not isinstance(found, list):
        raise Malformed("no list of artifacts")
    kept: dict[str, Listed] = {}
    for item in found[:MOST_ARTIFACTS]:
        try:
            listed = _listed(item)
        except Malformed as fault:
            log.info("an artifact was left out: %s", fault)
        else:
            kept.setdefault(listed.name, listed)
    return tuple(kept.values())


def _listed(found: Any) -> Listed:
    if not isinstance(found, dict):
        raise Malformed("no artifact")
    name, kind, sha256 = (text(found.get(key), 256) for key in ("name", "kind", "sha256"))
    if not ARTIFACT.fullmatch(name) or not REASON.fullmatch(kind) or not SHA256.fullmatch(sha256):
        raise Malformed("no artifact")
    return Listed(name, kind, whole(found.get("bytes")), sha256)
