"""How a program is started inside its environment: a venv, modules, an image, or as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.failures import EnvironmentMissing

MODULE_MISSING = 97
"""The exit code of MODULES below when a module or the interpreter is not there."""

# The arguments are a count, that many module names, then the command: no name is ever a part of
# the script's text.
MODULES = f"""
count=$1; shift
for ((i = 0; i < count; i++)); do
    module load "$1" || {{ echo "module load $1 failed" >&2; exit {MODULE_MISSING}; }}
    shift
done
command -v "$1" >/dev/null || {{ echo "$1 is in none of the modules" >&2; exit {MODULE_MISSING}; }}
exec "$@"
"""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def command_for(
    environment: Mapping[str, Any],
    arguments: Sequence[str],
    folders: Mapping[Path, bool],
    gpu: bool,
) -> list[str]:
    """The command line that runs Python with `arguments` inside an environment.

    Args:
        environment: as in run.json: `kind` and what belongs to it.
        folders: what an image has to see of the file system; True = may be written.
        gpu: whether an image needs the GPU's driver.

    Raises:
        EnvironmentMissing: what the environment names is not on this node.
    """
    kind = environment.get("kind")
    python = str(environment.get("python") or "python3")
    if kind == "venv":
        return [_venv_python(environment), *arguments]
    if kind == "modules":
        modules = [str(name) for name in environment.get("modules") or ()]
        script = ["bash", "-lc", MODULES, "modules", str(len(modules)), *modules]
        return [*script, python, *arguments]
    if kind == "apptainer":
        return [*_image(environment, folders, gpu), python, *arguments]
    if kind == "plain":
        found = shutil.which(python)
        if found is None:
            raise EnvironmentMissing(f"there is no {python} on this node")
        return [found, *arguments]
    raise EnvironmentMissing(f"environment {environment.get('name')}: unknown kind {kind!r}")


def variables_for(environ: Mapping[str, str], cores: int, scratch: Path) -> dict[str, str]:
    """The variables of a program: the job's own, as many threads as cores, caches in scratch."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    kept.update({name: str(cores) for name in THREADS})
    kept.update(
        # A thread that waits by spinning takes the core from the seat beside it.
        OMP_WAIT_POLICY="PASSIVE",
        PYTHONUNBUFFERED="1",
        PYTHONNOUSERSITE="1",
        PYTHONUTF8="1",
        MPLBACKEND="Agg",
        MPLCONFIGDIR=str(scratch),
        XDG_CACHE_HOME=str(scratch),
        TMPDIR=str(scratch),
    )
    return kept


def _venv_python(environment: Mapping[str, Any]) -> str:
    python = Path(str(environment.get("path") or "")) / "bin" / "python"
    if not python.is_absolute() or not os.access(python, os.X_OK):
        raise EnvironmentMissing(f"environment {environment.get('name')}: no {python}")
    return str(python)


def _image(environment: Mapping[str, Any], folders: Mapping[Path, bool], gpu: bool) -> list[str]:
    tool = shutil.which("apptainer") or shutil.which("singularity")
    image = Path(str(environment.get("image") or ""))
    if tool is None:
        raise EnvironmentMissing("neither apptainer nor singularity is on this node")
    if not image.exists():
        raise EnvironmentMissing(f"environment {environment.get('name')}: no image {image}")
    binds = [
        word
        for folder, writable in folders.items()
        for word in ("--bind", f"{folder}:{folder}:{'rw' if writable else 'ro'}")
    ]
    return [tool, "exec", *(["--nv"] if gpu else []), *binds, str(image)]
