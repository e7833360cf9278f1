"""Publishes the programs that jobs run: an immutable copy on the shared file system.

A batch links to the copy it was made with, so an update of the portal in the middle of a lesson
changes nothing for the seats that wait.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
import tempfile
from pathlib import Path

from portal.catalog.folder import TOML, files_of, hash_of

RUNTIME = "runtime"
PROGRAMS = "programs"


def publish(job_templates: Path, data_root: Path) -> str:
    """Copies the runtime and every template to `programs/<hash12>`, once; returns the hash.

    The copy appears whole or not at all, and two agents may do it at the same time.

    Raises:
        OSError: when the data root cannot be written.
    """
    files = [path for folder in _published(job_templates) for path in files_of(folder)]
    version = hash_of(job_templates, files)
    programs = data_root / PROGRAMS
    target = programs / version
    if target.is_dir():
        return version
    programs.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{version}-", dir=programs))
    try:
        for path in files:
            copy = building / path.relative_to(job_templates)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        # Forty jobs start at once: none of them should have to compile the runtime first. Nodes
        # with another Python than the agent's do without.
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(
            building, stripdir=building, prependdir=target, quiet=2, invalidation_mode=unchecked
        )
        _freeze(building)
        try:
            building.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return version


def _published(job_templates: Path) -> list[Path]:
    templates = sorted(path.parent for path in job_templates.glob(f"*/{TOML}"))
    return [job_templates / RUNTIME, *templates]


def _freeze(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o444)
    folder.chmod(0o755)
