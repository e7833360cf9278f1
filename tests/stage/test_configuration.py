"""The files in slurm_conf, filled in."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from stage import configuration
from stage.checkout import StageError
from stage.plan import ClusterPlan

PLAN = ClusterPlan("lesson", nodes=3, gpus=2, shards=8, port_base=21000)


@pytest.fixture
def texts() -> dict[str, str]:
    return configuration.fill_in(PLAN, "a-password")


def options(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_every_placeholder_is_filled_in(texts: dict[str, str]) -> None:
    assert set(texts) == {"slurm.conf", "gres.conf", "cgroup.conf", "slurmdbd.conf", "mariadb.cnf"}
    for name, text in texts.items():
        assert "${" not in text, name


def test_nodes_share_out_what_the_plan_says(texts: dict[str, str]) -> None:
    [node] = [line for line in options(texts["slurm.conf"]) if line.startswith("NodeName=")]
    assert "NodeName=g[1-3] " in node
    assert "Port=[21020-21022]" in node
    assert "Gres=gpu:demo:2,shard:16" in node
    gpu, shard = [line for line in options(texts["gres.conf"]) if line.startswith("NodeName=")]
    assert gpu.endswith("/devices/gpu[0-1]")
    assert shard.endswith("Name=shard Count=16")


def test_everything_lies_below_the_clusters_own_folder(texts: dict[str, str]) -> None:
    lines = [line for text in texts.values() for line in options(text)]
    paths = re.findall(r"=(?:socket=)?(/\S+)", "\n".join(lines))
    assert len(paths) > 10
    assert [path for path in paths if not path.startswith(f"{PLAN.folder}/")] == []


def test_the_password_is_in_one_file_only(texts: dict[str, str]) -> None:
    assert [name for name, text in texts.items() if "a-password" in text] == ["slurmdbd.conf"]


def test_tokens_count_only_where_they_are_wanted(texts: dict[str, str]) -> None:
    both = ["slurm.conf", "slurmdbd.conf"]
    assert not [name for name in both if "jwt" in "".join(options(texts[name]))]
    plan = replace(PLAN, rest=True)
    wanted = configuration.fill_in(plan, "a-password")
    for name in both:
        assert "AuthAltTypes=auth/jwt" in options(wanted[name])
        assert f"AuthAltParameters=jwt_key={plan.token_key}" in options(wanted[name])
    assert plan.rest_port in plan.ports
    assert plan.rest_port not in PLAN.ports


def test_shares_are_accounted_for_and_limited(texts: dict[str, str]) -> None:
    lines = options(texts["slurm.conf"])
    assert "AccountingStorageTRES=gres/gpu,gres/shard" in lines
    assert "AccountingStorageEnforce=associations,limits,qos,safe" in lines
    assert "AccountingStoreFlags=job_comment" in lines
    [most] = [line for line in lines if line.startswith("MaxArraySize=")]
    assert int(most.partition("=")[2]) > 90 * 40


def test_two_clusters_share_no_port_and_no_path() -> None:
    other = ClusterPlan("other", port_base=21100)
    assert not set(PLAN.ports) & set(other.ports)
    assert PLAN.folder != other.folder
    assert PLAN.folder not in other.folder.parents


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": "Demo"}, "small letters"),
        ({"name": "../demo"}, "small letters"),
        ({"name": ""}, "small letters"),
        ({"nodes": 0}, "--nodes"),
        ({"nodes": 81}, "--nodes"),
        ({"gpus": -1}, "--gpus"),
        ({"shards": 65}, "--shards"),
        ({"port_base": 80}, "--port-base"),
    ],
)
def test_a_bad_plan_names_what_is_wrong(change: dict[str, object], named: str) -> None:
    with pytest.raises(StageError, match=named):
        ClusterPlan(**({"name": "demo"} | change))


def test_files_are_replaced_only_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: dict[str, str]
) -> None:
    monkeypatch.setattr("stage.plan.CLUSTERS", tmp_path)
    del texts["slurmdbd.conf"]  # belongs to the user slurm, whom only root can give it to
    monkeypatch.setattr("os.fchown", lambda *_: None)
    assert configuration.write(PLAN, texts)
    assert not configuration.write(PLAN, texts)
    texts["slurm.conf"] += "# changed\n"
    assert configuration.write(PLAN, texts)
    written = tmp_path / "lesson" / "etc" / "slurm.conf"
    assert written.read_text() == texts["slurm.conf"]
    assert stat.S_IMODE(written.stat().st_mode) == 0o644
