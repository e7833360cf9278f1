"""What the runtime may need of a node, and what it has in common with the portal."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.runs import reasons
from tests.job_templates.node import TEMPLATES

RUNTIME = TEMPLATES / "runtime"
OLDEST_PYTHON = (3, 9)
SOURCES = sorted(RUNTIME.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """The top names of all modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_the_runtime_is_standard_library_and_old_python(source: Path) -> None:
    tree = ast.parse(source.read_text(), feature_version=OLDEST_PYTHON)
    # torch is only asked for its device, by programs that have it; tomllib only on a laptop.
    allowed = sys.stdlib_module_names | {"runtime"}
    if source.name == "device.py":
        allowed |= {"torch"}
    assert set(imported(tree)) <= allowed


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_annotations_are_not_evaluated_on_an_old_python(source: Path) -> None:
    text = source.read_text()
    assert "|" not in text or "from __future__ import annotations" in text


def test_templates_import_nothing_of_the_portal() -> None:
    for source in TEMPLATES.rglob("*.py"):
        assert "portal" not in set(imported(ast.parse(source.read_text()))), source


def test_the_job_and_the_portal_have_the_same_reasons() -> None:
    spec = importlib.util.spec_from_file_location("failures", RUNTIME / "failures.py")
    assert spec is not None
    assert spec.loader is not None
    failures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(failures)
    assert set(failures.REASONS) == {reason.code for reason in reasons.OF_THE_JOB}


def test_the_batch_script_is_two_lines() -> None:
    script = (RUNTIME / "job.sh").read_text()
    assert script == "#!/bin/bash\nexec python3 -I program/runtime/launch.py\n"
