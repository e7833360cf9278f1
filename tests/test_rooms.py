"""The house itself: rooms that import one way, each with a purpose that is written down."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 300
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "shared", "tools", "lib"}
FOLDERS = ("portal", "job_templates", "scripts", "tests")


def modules(*folders: str) -> Iterator[Path]:
    """Every Python file of the house, as a path from its root."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT)


def rooms() -> set[str]:
    """What lies directly in `portal`: folders and modules."""
    inside = (ROOT / "portal").iterdir()
    return {
        path.stem
        for path in inside
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    }


def contracts() -> ConfigParser:
    """setup.cfg, as import-linter reads it."""
    read = ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read


def test_imports_go_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_a_place_in_the_order() -> None:
    words = contracts()["importlinter:contract:rooms"]["layers"].replace("|", " ").split()
    placed = {word.removeprefix("portal.") for word in words}
    assert placed == rooms()


def test_every_room_has_a_line_that_says_what_it_is_for() -> None:
    page = (ROOT / "docs" / "how-it-is-built.md").read_text(encoding="utf-8")
    table = page.partition("## The map of the rooms")[2].partition("\n## ")[0]
    names = {f"portal/{room}/" for room in rooms() if (ROOT / "portal" / room).is_dir()}
    names |= {"job_templates/", "slurm_conf/", "scripts/", "tests/"}
    lines = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    told = {cell.strip(" `") for names, purpose in lines for cell in names.split(",") if purpose}
    assert names - told == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_is_named_after_nothing(folder: str) -> None:
    vague = [path for path in modules(folder) if VAGUE & {part.lower() for part in path.parts}]
    vague += [path for path in modules(folder) if path.stem.lower() in VAGUE]
    assert vague == []


@pytest.mark.parametrize("folder", ["portal", "job_templates", "scripts"])
def test_every_module_says_what_it_is_for(folder: str) -> None:
    silent = [
        path
        for path in modules(folder)
        if (text := (ROOT / path).read_text(encoding="utf-8")).strip()
        and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_a_long_module_has_a_reason() -> None:
    long = {
        str(path)
        for path in modules("portal", "job_templates", "scripts")
        if len((ROOT / path).read_text(encoding="utf-8").splitlines()) > LONGEST
    }
    assert long == set()


def test_programs_on_the_nodes_import_nothing_of_the_portal() -> None:
    wrong = {
        str(path)
        for path in modules("job_templates")
        for name in imported(ROOT / path)
        if name.partition(".")[0] == "portal"
    }
    assert wrong == set()


def test_a_script_begins_by_saying_who_runs_it() -> None:
    silent = []
    for path in sorted((ROOT / "scripts").iterdir()):
        if path.is_dir():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        first = next(line for line in lines if not line.startswith("#!"))
        if not first.startswith(("# Run by ", "# Sourced by ")):
            silent.append(path.name)
    assert silent == []


def imported(path: Path) -> Iterator[str]:
    """The names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
