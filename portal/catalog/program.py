"""Publishes the programs that jobs run: an immutable copy on the shared file system.

A batch links to the copy it was made with, so an update of the portal in the middle of a lesson
changes nothing for the seats that wait.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
import tempfile
from collections.abc import Sequence
from errno import ENOENT
from pathlib import Path

from portal.catalog.catalog import template_folders
from portal.catalog.folder import files_of, hash_of

RUNTIME = "runtime"
LAUNCHER = "launch.py"
PROGRAMS = "programs"


def publish(folders: Sequence[Path], data_root: Path) -> str:
    """Copies the runtime and every template of `folders` to `programs/<hash12>`, once; returns
    the hash. Of two templates of one name the first counts, as in the catalogue.

    The copy appears whole or not at all, and two agents may do it at the same time.

    Raises:
        OSError: when the data root cannot be written, or no folder holds the runtime.
    """
    files = _published(folders)
    version = hash_of(files)
    programs = data_root / PROGRAMS
    target = programs / version
    if target.is_dir():
        return version
    programs.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{version}-", dir=programs))
    try:
        for name, path in files.items():
            copy = building / name
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


def _published(folders: Sequence[Path]) -> dict[str, Path]:
    runtimes = [folder / RUNTIME for folder in folders if (folder / RUNTIME / LAUNCHER).is_file()]
    if not runtimes:
        raise FileNotFoundError(ENOENT, "no folder of templates holds the runtime", str(folders))
    chosen = {RUNTIME: runtimes[0]}
    for folder in template_folders(folders):
        chosen.setdefault(folder.name, folder)
    return {
        f"{name}/{inner}": path
        for name, folder in chosen.items()
        for inner, path in files_of(folder).items()
    }


def _freeze(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o444)
    folder.chmod(0o755)
