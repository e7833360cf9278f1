"""What the matrix of Slurms makes of pytest's reports, and where another Debian comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import debian, releases
from stage.checkout import ROOT, StageError
from stage.matrix import table
from stage.matrix.cells import Cell, read
from stage.plan import ClusterPlan

REPORT = """<testsuites><testsuite>
<testcase classname="tests.scheduler.test_live.TestCommands" name="test_one"/>
<testcase classname="tests.scheduler.test_live" name="test_two"><failure message="no"/></testcase>
<testcase classname="tests.scheduler.test_live" name="test_two"><error message="no"/></testcase>
<testcase classname="tests.scheduler.test_rest_live.TestRest" name="test_a[v0.0.42]"/>
<testcase classname="tests.scheduler.test_rest_live.TestRest" name="test_b[a-v0.0.45-x]">
<skipped message="it does not serve v0.0.45"/></testcase>
<testcase classname="tests.scheduler.test_rest_live" name="test_without_it"/>
<testcase classname="tests.scheduler.test_pyslurm_live" name="test_a"><skipped message="none"/>
</testcase></testsuite></testsuites>"""


@pytest.fixture
def cells(tmp_path: Path) -> dict[str, Cell]:
    (tmp_path / "report.xml").write_text(REPORT)
    return read(tmp_path / "report.xml")


def test_each_test_counts_for_its_way(cells: dict[str, Cell]) -> None:
    assert cells == {
        "commands": Cell(1, ("test_two",)),
        "rest v0.0.42": Cell(1),
        "rest v0.0.45": Cell(0, (), 1, "it does not serve v0.0.45"),
        "rest, as agreed": Cell(1),
        "pyslurm": Cell(0, (), 1, "none"),
    }


def test_the_table_says_what_failed_and_why_others_were_not_run(cells: dict[str, Cell]) -> None:
    text = table.rendered({"Slurm 1": cells, "no Slurm": {"memory": Cell(7)}})
    lines = [line.split("  ") for line in text.splitlines()]
    words = [[word.strip() for word in line if word.strip()] for line in lines]
    assert words[0] == ["Slurm 1", "no Slurm"]
    assert ["memory", "passed 7"] in words
    assert ["commands", "failed 1 of 2"] in words
    assert ["rest v0.0.42", "passed 1"] in words
    assert ["rest v0.0.45", "not run"] in words
    assert "Slurm 1, commands: failed: test_two" in text
    assert "Slurm 1, rest v0.0.45: not run: it does not serve v0.0.45" in text


def test_a_half_built_debian_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "DEBIANS", tmp_path)
    (tmp_path / "trixie.new" / "etc").mkdir(parents=True)
    assert not debian.is_whole("trixie")
    (tmp_path / "trixie" / "etc").mkdir(parents=True)
    assert not debian.is_whole("trixie")
    with pytest.raises(StageError, match="--debian trixie"):
        debian.prepare("trixie")


def test_what_enters_a_debian_sees_the_checkout_and_its_own_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "DEBIANS", tmp_path)
    monkeypatch.setattr(debian, "is_whole", lambda _: True)
    (tmp_path / "trixie" / "etc").mkdir(parents=True)
    debian.prepare("trixie")
    command = debian.inside("trixie", ["squeue", "--all"], "kesuan")
    table = next(Path(word) for word in command if word.endswith(".fstab"))
    mounted = {line.split()[0]: line.split()[1] for line in table.read_text().splitlines()}
    assert mounted["/etc/passwd"] == f"{tmp_path}/trixie/etc/passwd"
    assert mounted[str(ROOT)] == f"{tmp_path}/trixie{ROOT}"
    assert all(Path(place).exists() for place in mounted.values())
    assert command[-4:] == ["--groups=", f"{tmp_path}/trixie", "squeue", "--all"]
    assert debian.inside("", ["squeue"]) == ["squeue"]


def test_the_mirror_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESUAN_DEBIAN_MIRROR", "http://mirror.example.org/debian")
    wanted = debian._debootstrap(releases.BY_SUITE["forky"], Path("/there"))
    assert wanted[-3:] == ["/there", "http://mirror.example.org/debian", "sid"]


def test_a_plan_of_an_unknown_debian_is_refused() -> None:
    with pytest.raises(StageError, match="trixie"):
        ClusterPlan("demo", debian="sarge")
    assert ClusterPlan("demo", debian="trixie").release.slurm == "24.11"
