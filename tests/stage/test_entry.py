"""Where the service user cannot enter, the scripts work in a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from stage.checkout import ROOT

PROBE = """#!/bin/bash
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/entry.sh"
enter_checkout probe "$@"
printf '%s\\n' "$ROOT" "$*"
"""


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A small checkout with a short path that everybody may enter, and its copy, if one is made."""
    if os.geteuid() != 0:
        pytest.skip("the copy is made by root: ./scripts/test")
    made = Path(tempfile.mkdtemp(prefix="kesuan-", dir="/opt"))
    made.chmod(0o755)
    (made / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "entry.sh", made / "scripts")
    (made / "scripts" / "probe").write_text(PROBE)
    (made / "scripts" / "probe").chmod(0o755)
    (made / "kept").write_text("one")
    (made / "removed later").write_text("two")
    (made / "var").mkdir()
    (made / "var" / "built").write_text("not for the copy")
    yield made
    shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(copy_of(made), ignore_errors=True)


def copy_of(checkout: Path) -> Path:
    return Path("/var/lib/kesuan/checkouts") / sha256(str(checkout).encode()).hexdigest()[:8]


def probe(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "scripts" / "probe"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("in_git", [True, False])
def test_a_private_checkout_is_copied_and_followed(checkout: Path, in_git: bool) -> None:
    if in_git:
        subprocess.run(["git", "init", "--quiet", str(checkout)], check=True)
        (checkout / ".gitignore").write_text("/var\n")
    checkout.chmod(0o700)
    done = probe(checkout, "two words", "three")
    copy = copy_of(checkout)
    assert done.stdout.splitlines() == [str(copy), "two words three"]
    assert str(checkout) in done.stderr
    assert (copy / "kept").read_text() == "one"
    assert not (copy / "var").exists()

    (copy / "built there").write_text("stays")
    (checkout / "removed later").unlink()
    (checkout / "kept").write_text("changed")
    probe(checkout)
    assert (copy / "kept").read_text() == "changed"
    assert not (copy / "removed later").exists()
    assert (copy / "built there").read_text() == "stays"


def test_a_long_path_is_copied_too(checkout: Path) -> None:
    longer = checkout.with_name(f"{checkout.name}{'-and-on' * 6}")
    checkout.rename(longer)
    try:
        assert probe(longer).stdout.splitlines()[0] == str(copy_of(longer))
    finally:
        shutil.rmtree(longer)
        shutil.rmtree(copy_of(longer), ignore_errors=True)


def test_a_checkout_that_all_may_enter_is_used_as_it_is(checkout: Path) -> None:
    done = probe(checkout)
    assert done.stdout.splitlines()[0] == str(checkout)
    assert done.stderr == ""
    assert not copy_of(checkout).exists()
