"""Schools become accounts of a real Slurm, by the command that staff type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Kesuan, run, settings_file
from tests.conftest import Cluster

__all__ = ["run", "settings_file"]

pytestmark = pytest.mark.cluster


@pytest.fixture
def site(cluster: Cluster, run: Kesuan, settings_file: Path) -> Iterator[None]:
    """Two schools that have no account yet. Root is one of Slurm's operators."""
    words = settings_file.read_text()
    more = f'slurm.conf = "{cluster.slurm_conf}"\nslurm.qos = "class"\n'
    more += 'slurm.borrow_qos = "normal"\n'
    settings_file.write_text(words.replace("slurm.partition", f"{more}slurm.partition"))
    run("migrate")
    for slug in ("hua", "bei"):
        run("schools", "add", slug, slug, "--account", f"quota-{slug}", "--shares", "16")
    yield
    for slug in ("hua", "bei"):
        command = ("sacctmgr", "--immediate", "delete", "account", f"quota-{slug}")
        cluster.command(*command, user=None)
    cluster.command("sacctmgr", "--immediate", "delete", "qos", "quota-bei-own", user=None)


def shares(cluster: Cluster, account: str) -> str:
    query = ("sacctmgr", "--parsable2", "--noheader", "show", "associations")
    where = (f"account={account}", "user=", "format=GrpTRES,GrpTRESMins")
    return cluster.command(*query, *where).stdout.strip()


@pytest.mark.usefixtures("site")
def test_planned_applied_and_drift_found(cluster: Cluster, run: Kesuan) -> None:
    planned = run("schools", "plan")
    assert planned.code == 0
    assert planned.out.splitlines()[:2] == ["bei (quota-bei)  bei", "  account: + quota-bei"]
    assert shares(cluster, "quota-bei") == ""

    assert run("schools", "apply", "--yes").code == 0
    assert shares(cluster, "quota-bei") == "gres/shard=16|"
    assert run("schools", "plan", "--check").out == "Every school's account is as it should be.\n"

    run("schools", "set", "hua", "--share-hours", "100")
    change = ("sacctmgr", "--immediate", "modify", "account", "quota-bei", "set")
    assert cluster.command(*change, "GrpTRES=gres/shard=40", user=None).returncode == 0
    drifted = run("schools", "plan", "--check", "--json")
    assert drifted.code == 1
    told = {one["school"]: one["changes"] for one in json.loads(drifted.out)}
    assert told == {
        "bei": [{"what": "GrpTRES gres/shard", "before": "40", "after": "16"}],
        "hua": [{"what": "GrpTRESMins gres/shard", "before": "", "after": "6000"}],
    }
    assert run("schools", "apply", "hua", "--yes").code == 0
    assert shares(cluster, "quota-hua") == "gres/shard=16|gres/shard=6000"
    assert shares(cluster, "quota-bei") == "gres/shard=40|"


@pytest.mark.usefixtures("site")
def test_a_guaranteed_part_and_partitions_are_applied_and_drift_is_found(
    cluster: Cluster, run: Kesuan
) -> None:
    more = ("--guaranteed", "8", "--partitions", "class,night")
    assert run("schools", "set", "bei", *more).code == 0
    planned = run("schools", "plan", "bei")
    assert planned.out.splitlines() == [
        "bei (quota-bei)  bei",
        "  QOS quota-bei-own: + new",
        "  QOS quota-bei-own Priority: + 200",
        "  QOS quota-bei-own Preempt: + normal",
        "  QOS quota-bei-own GrpTRES gres/shard: + 8",
        "  account: + quota-bei",
        "  QOS: + class,normal,quota-bei-own",
        "  GrpTRES gres/shard: + 16",
        "  user: + kesuan",
        "  partitions: + class,night",
    ]
    assert run("schools", "apply", "bei", "--yes").code == 0
    assert run("schools", "plan", "bei", "--check").code == 0
    words = ("--account=quota-bei", "--qos=quota-bei-own", "--partition=class", "--hold")
    sent = cluster.command("sbatch", *words, "--output=/dev/null", "--wrap", "true")
    assert sent.returncode == 0, sent.stderr
    cluster.command("scancel", "--account=quota-bei", user=None)

    change = ("sacctmgr", "--immediate", "modify", "qos", "quota-bei-own", "set")
    assert cluster.command(*change, "GrpTRES=gres/shard=16", user=None).returncode == 0
    drifted = run("schools", "plan", "bei", "--check")
    assert drifted.code == 1
    assert drifted.out.splitlines()[1:] == ["  QOS quota-bei-own GrpTRES gres/shard: 16 → 8"]

    # Given up again: the QOS leaves the account, and the account is open in every partition.
    taken = ("--guaranteed", "none", "--partitions", "none")
    assert run("schools", "set", "bei", *taken).code == 0
    assert run("schools", "apply", "bei", "--yes").code == 0
    query = ("sacctmgr", "--parsable2", "--noheader", "show", "associations", "account=quota-bei")
    left = cluster.command(*query, "user=", "format=QOS").stdout.strip()
    assert left == "class,normal"


@pytest.mark.usefixtures("site")
def test_more_guaranteed_than_there_is_is_told(run: Kesuan) -> None:
    for slug in ("bei", "hua"):
        assert run("schools", "set", slug, "--shares", "64", "--guaranteed", "33").code == 0
    assert "66 shares together, and the cluster has 64." in run("schools", "plan").err
    refused = run("schools", "set", "bei", "--shares", "32")
    assert refused.code != 0
    assert "guaranteed" in refused.err
