"""The `kesuan` command, as somebody types it on the portal's machine."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from stage import services
from stage.checkout import SERVICE_USER, StageError
from stage.site import Site

PATIENCE_S = 300


def kesuan(
    site: Site, *words: str, typed: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """What the command prints; `typed` is its stdin. Raises StageError with its complaint."""
    done = subprocess.run(
        [str(services.PYTHON_BIN / "kesuan"), *words],
        input=typed,
        capture_output=True,
        text=True,
        env=services.environment(site) | dict(environment or {}),
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        cwd=site.folder,
        check=False,
        timeout=PATIENCE_S,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise StageError(f"kesuan {' '.join(words[:2])}: {said}")
    return done.stdout
