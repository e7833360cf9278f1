"""The `kesuan` command as somebody types it, and programs in the portal's own Python."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stage import services
from stage.checkout import SERVICE_USER, StageError
from stage.site import Site

PATIENCE_S = 300


def kesuan(
    site: Site, *words: str, typed: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """What the command prints; `typed` is its stdin. Raises StageError with its complaint."""
    return _run(site, "kesuan", words, typed, environment or {})


def python(site: Site, program: Path, *, typed: str, environment: Mapping[str, str]) -> str:
    """What a program prints that imports what the portal is made of; the same errors."""
    return _run(site, "python", (str(program),), typed, environment)


def _run(
    site: Site, program: str, words: Sequence[str], typed: str, environment: Mapping[str, str]
) -> str:
    done = subprocess.run(
        [str(services.PYTHON_BIN / program), *words],
        input=typed,
        capture_output=True,
        text=True,
        env=services.environment(site) | dict(environment),
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        cwd=site.folder,
        check=False,
        timeout=PATIENCE_S,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise StageError(f"{program} {' '.join(words[:2])}: {said}")
    return done.stdout
