"""Which ports a cluster takes, and what it remembers of the last time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage.checkout import StageError
from stage.plan import ClusterPlan, load_plan


@pytest.fixture(autouse=True)
def clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("stage.plan.CLUSTERS", tmp_path)
    # Real clusters of tests beside this one choose their ports from the first on.
    monkeypatch.setattr("stage.plan.FIRST_PORT", 28000)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_what_is_saved_is_loaded() -> None:
    plan = ClusterPlan("demo", nodes=2, port_base=23000)
    plan.save()
    assert load_plan("demo") == plan
    assert load_plan("other") is None


def test_a_file_that_cannot_be_read_is_named(clusters: Path) -> None:
    (clusters / "demo").mkdir()
    (clusters / "demo" / "cluster.json").write_text('{"name": "demo", "colour": 3}')
    with pytest.raises(StageError, match=r"var/cluster/demo/cluster\.json"):
        load_plan("demo")


def test_a_port_that_somebody_chose_and_somebody_has_is_an_error(taken: int) -> None:
    with pytest.raises(StageError, match=f"port {taken} is in use"):
        ClusterPlan("demo", port_base=taken).with_ports()


def test_a_block_that_another_cluster_remembers_is_passed_over() -> None:
    first = ClusterPlan("first").with_ports()
    first.save()
    second = ClusterPlan("second").with_ports()
    assert first.port_base != second.port_base
    assert not set(first.ports) & set(second.ports)


def test_a_block_with_a_busy_port_is_passed_over() -> None:
    first = ClusterPlan("demo").with_ports()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", first.node_ports[-1]))
        listener.listen()
        assert ClusterPlan("demo").with_ports().port_base > first.port_base
