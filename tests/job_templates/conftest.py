"""Real data for real runs, and toy programs for what no real program does on purpose."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.job_templates.node import ENVIRONMENT, TEMPLATES, Node

MAKE_DATA = Path(__file__).with_name("real_data.py")

TOY_HEAD = """\
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from runtime import Run, run_program

def train(run: Run) -> None:
"""
TOY_FOOT = """

if __name__ == "__main__":
    sys.exit(run_program(train))
"""


@pytest.fixture
def toy(tmp_path: Path) -> Callable[[str], Node]:
    """A node whose program is this body of `train(run)`, in a copy of the runtime."""

    def make(body: str) -> Node:
        templates = tmp_path / "templates"
        shutil.copytree(TEMPLATES / "runtime", templates / "runtime")
        (templates / "toy").mkdir()
        indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
        (templates / "toy" / "train.py").write_text(TOY_HEAD + indented + TOY_FOOT)
        return Node(tmp_path / "data", templates)

    return make


@pytest.fixture(scope="session")
def python() -> Path:
    """The training environment's interpreter."""
    interpreter = ENVIRONMENT / "bin" / "python"
    if not interpreter.exists():
        pytest.skip(f"no training environment: {interpreter} is built by scripts/setup")
    return interpreter


@pytest.fixture(scope="session")
def real_data(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`digits` (pictures) and `penguins` (a table with gaps), as the portal would keep them."""
    folder = tmp_path_factory.mktemp("contents")
    subprocess.run([python, MAKE_DATA, folder], check=True, timeout=120)
    return folder
