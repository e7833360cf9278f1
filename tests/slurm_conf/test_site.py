"""A real Slurm with the files for a site beside its own, and what they promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage.checkout import SERVICE_USER

from tests.cli.conftest import Kesuan, run, settings_file
from tests.slurm_conf.conftest import SITE, STRANGER, SiteCluster, wait

__all__ = ["run", "settings_file"]

GOOD = (
    *("--partition=class", "--qos=lesson", "--account=school1", "--time=10"),
    *("--gres=shard:1", "--cpus-per-task=1", "--mem=100", "--nodes=1", "--no-requeue"),
)
pytestmark = pytest.mark.cluster


def test_slurm_has_read_them_without_a_complaint(site: SiteCluster) -> None:
    partition = site.cluster.command("scontrol", "show", "partition", "class").stdout
    assert "AllowGroups=kesuan" in partition
    running = site.cluster.command("scontrol", "show", "config").stdout
    for line in ("JobSubmitPlugins        = lua", "PreemptType             = preempt/qos"):
        assert line in running
    log = (site.cluster.plan.folder / "log" / "slurmctld.log").read_text()
    wrong = [
        line for line in log.splitlines() if re.search(r"lua.*error|error.*(lua|QOS|Prol)", line)
    ]
    assert wrong == []


def test_a_run_as_the_portal_sends_it_is_let_in(site: SiteCluster) -> None:
    sent = site.batch(*GOOD)
    assert sent.returncode == 0, sent.stderr
    site.wait_for(sent.stdout.strip(), "COMPLETED")


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ("--partition=batch", "runs do not go to partition batch"),
        ("--qos=normal", "QOS normal is not one of a run's"),
        ("--qos=school1-own,normal", "one of a run's"),
        ("--time=300", "at most 240 minutes"),
        ("--gres=shard:9", "at most 8 shard"),
        ("--gres=shard:1K", "nothing that a run may ask for"),
        ("--gres=gpu:2", "at most 1 gpu"),
        ("--gres=gpu:demo:2", "at most 1 gpu"),
        ("--nodes=2", "a run has one node"),
        ("--exclusive", "a run shares its node"),
        ("--gpus=2", "at most 1 gpu"),
        ("--gpus-per-task=1", "asks for its share with --gres"),
    ],
)
def test_the_portals_user_gets_no_further(site: SiteCluster, instead: str, words: str) -> None:
    # sbatch itself lets nobody ask for shards and GPUs in one.
    options = list(GOOD)
    if instead.startswith("--gpus"):
        options = [option for option in GOOD if not option.startswith("--gres")] + ["--ntasks=1"]
    refused = site.batch(*options, instead)
    assert refused.returncode != 0
    assert "kesuan: " in refused.stderr
    assert words in refused.stderr


def test_a_run_without_an_account_or_a_time_is_refused(site: SiteCluster) -> None:
    for word, said in (("--account", "names the account"), ("--time", "how long it takes")):
        refused = site.batch(*(option for option in GOOD if not option.startswith(word)))
        assert refused.returncode != 0
        assert said in refused.stderr


def test_what_was_let_in_stays_where_it_is(site: SiteCluster) -> None:
    job = site.batch(*GOOD, "--hold").stdout.strip()
    for change in ("Partition=batch", "QOS=normal"):
        refused = site.cluster.command("scontrol", "update", f"JobId={job}", change)
        assert refused.returncode != 0, change
    shown = site.cluster.command("scontrol", "show", "job", job).stdout
    assert "Partition=class" in shown
    assert "QOS=lesson" in shown
    site.cluster.command("scancel", job)


def test_others_are_let_alone_and_kept_out_of_the_partition(site: SiteCluster) -> None:
    own = site.batch("--partition=batch", "--nodes=1", user=STRANGER)
    assert own.returncode == 0, own.stderr
    site.wait_for(own.stdout.strip(), "COMPLETED")
    refused = site.batch(*GOOD, user=STRANGER)
    assert refused.returncode != 0
    assert "not permitted" in refused.stderr


def test_a_lesson_ends_homework_which_keeps_its_best_model(site: SiteCluster) -> None:
    kept = site.folder / "kept"
    whole = "--gres=shard:8"
    script = f"trap 'echo best >{kept}; exit 0' USR1; while :; do sleep 0.1; done"
    signal = "--signal=B:USR1@60"
    homework = site.batch(*GOOD, "--qos=homework", whole, signal, script=script).stdout.strip()
    site.wait_for(homework, "RUNNING")
    second = site.batch(*GOOD, "--qos=homework", whole).stdout.strip()
    lesson = site.batch(*GOOD, whole).stdout.strip()
    site.wait_for(lesson, "COMPLETED")
    assert kept.read_text() == "best\n"
    site.wait_for(homework, "PREEMPTED", "COMPLETED")
    # Homework came first and waited: one lesson passes it, and then it has its turn.
    site.wait_for(second, "COMPLETED")


@pytest.fixture
def borrowing(settings_file: Path, site: SiteCluster, run: Kesuan) -> Iterator[None]:
    """Two schools, each with all eight shares, of which some are guaranteed to it."""
    more = f'''slurm.conf = "{site.cluster.slurm_conf}"
        slurm.qos = "lesson"
        slurm.homework_qos = "homework"
        slurm.borrow_qos = "borrow"
        slurm.partition'''
    settings_file.write_text(settings_file.read_text().replace("slurm.partition", more))
    run("migrate")
    for slug, part in (("owner", 4), ("other", 2)):
        limits = ("--shares", 8, "--guaranteed", part)
        run("schools", "add", slug, slug, "--account", slug, *map(str, limits))
    yield
    site.cluster.command("scancel", f"--user={SERVICE_USER}", user=None)


@pytest.mark.usefixtures("borrowing")
def test_an_owner_gets_its_part_back_from_those_who_borrow_it(
    site: SiteCluster, run: Kesuan
) -> None:
    assert run("schools", "apply", "--yes").code == 0
    assert run("schools", "plan", "--check").code == 0
    told = ("--time=10", "--gres=shard:1", "--cpus-per-task=1", "--mem=50", "--no-requeue")
    # USR1 ends a shell that does not listen: what is borrowed is given back without GraceTime.
    sent = ("--partition=class", "--signal=B:USR1@60", *told)

    def array(account: str, qos: str, tasks: int) -> str:
        words = (f"--account={account}", f"--qos={qos}", f"--array=0-{tasks - 1}")
        return site.batch(*sent, *words, script="sleep 100 & wait").stdout.strip()

    def running(job: str) -> int:
        rows = ("squeue", "--noheader", "--array", "--states=R", f"--jobs={job}", "--format=%A")
        return len(site.cluster.command(*rows).stdout.split())

    kept, borrowed = array("other", "other-own", 2), array("other", "borrow", 6)
    wait(lambda: running(kept) == 2 and running(borrowed) == 6, lambda: "nothing is borrowed")
    own = array("owner", "owner-own", 6)
    wait(lambda: running(own) == 4, lambda: f"the owner has {running(own)} of its 4 shares")
    assert (running(kept), running(borrowed)) == (2, 2)
    shown = ("squeue", "--noheader", "--states=PD", f"--jobs={own}", "--format=%r")
    wait(
        lambda: "QOSGrpGRES" in site.cluster.command(*shown).stdout,
        lambda: site.cluster.command(*shown).stdout,
    )


def test_a_shares_limits_are_set_and_mps_comes_and_goes_with_the_runs(site: SiteCluster) -> None:
    node = site.folder / "mps" / "g1"
    wait(lambda: not (node / "started").exists(), lambda: "MPS of an earlier run is still there")
    (node / "log" / "calls").write_text("")
    script = "env | grep ^CUDA_MPS; sleep 2"
    jobs = [site.batch(*GOOD, "--gres=shard:2", script=script).stdout.strip() for _ in range(2)]
    for job in jobs:
        site.wait_for(job, "COMPLETED")
        said = (site.folder / f"{job}.out").read_text().splitlines()
        assert sorted(said) == [
            "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=25",
            "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=0=10240M",
            f"CUDA_MPS_PIPE_DIRECTORY={node}/pipe",
        ]
    wait(lambda: not (node / "started").exists(), lambda: "MPS is still there")
    calls = (node / "log" / "calls").read_text().splitlines()
    assert calls[0] == f"start {SERVICE_USER}"
    assert calls[-1] == f"quit {SERVICE_USER}"
    assert list((node / "jobs").iterdir()) == []


def test_every_file_says_where_it_goes_and_is_in_the_table() -> None:
    table = (SITE / "README.md").read_text(encoding="utf-8")
    files = {file.name: file.read_text(encoding="utf-8") for file in SITE.iterdir()}
    del files["README.md"]
    assert len(files) > 5
    for name, text in files.items():
        assert re.search(r"^(#|--) (Goes to: |Run once by )", text, re.MULTILINE), name
        assert f"`{name}`" in table
