"""Nodes as bars: what other portals read as no GPU at all is counted here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accelerators import WHOLE, Accelerator, Bar, bars, in_use
from portal.config import Accelerator as Settings
from portal.scheduler import GresCount


def site(family: str, units: int = 8, **profiles: str) -> Accelerator:
    table = {key.removeprefix("of"): value for key, value in profiles.items()}
    return Accelerator.from_settings(Settings(family=family, units_per_gpu=units, profiles=table))


def filled(*used: int) -> list[tuple[int, int]]:
    return [(number, WHOLE) for number in used]


def shape(*counts: GresCount, on: Accelerator) -> list[tuple[int, int]]:
    return [(bar.used, bar.total) for bar in bars(counts, on)]


def test_shards_fill_one_gpu_after_the_other() -> None:
    gpus, shards = GresCount("gpu", "a100", 2, 0), GresCount("shard", "a100", 16, 11)
    assert shape(gpus, shards, on=site("shard")) == filled(8, 3)


def test_where_slurm_tells_which_gpu_it_is_believed() -> None:
    shards = GresCount("shard", "", 16, 3, ((0, 8), (3, 8)))
    assert shape(GresCount("gpu", "", 2, 0), shards, on=site("shard")) == filled(3, 0)


def test_a_gpu_that_is_taken_whole() -> None:
    gpus, shards = GresCount("gpu", "", 2, 1), GresCount("shard", "", 16, 2)
    assert bars([gpus, shards], site("shard")) == (Bar(8, 8, whole=True), Bar(8, 2))


def test_one_of_a_hundred_mps_units_is_a_started_eighth() -> None:
    gpus, mps = GresCount("gpu", "", 1, 0), GresCount("mps", "", 100, 50)
    assert shape(gpus, mps, on=site("mps", 100)) == filled(4)
    assert shape(gpus, GresCount("mps", "", 100, 1), on=site("mps", 100)) == filled(1)


def test_slices_are_bars_of_their_own_size() -> None:
    small, large = GresCount("gpu", "a100_1g.5gb", 2, 1), GresCount("gpu", "a100_3g.20gb", 1, 0)
    assert shape(small, large, on=site("mig")) == [(1, 1), (0, 1), (0, 3)]


def test_a_profile_in_the_settings_gives_the_size() -> None:
    assert shape(GresCount("npu", "vir04", 2, 1), on=site("npu", of4="vir04")) == [(4, 4), (0, 4)]


def test_whole_devices() -> None:
    assert shape(GresCount("dcu", "", 4, 3), on=site("dcu")) == filled(8, 8, 8, 0)


def test_a_node_without_devices_has_no_bars() -> None:
    assert bars([], site("shard")) == ()
    assert bars([GresCount("gpu", "", 2, 1)], site("cpu")) == ()


def test_shards_on_a_node_that_names_no_gpu() -> None:
    assert shape(GresCount("shard", "", 16, 9), on=site("shard")) == filled(8, 1)


def test_sum_of_a_site() -> None:
    gpus, shards = GresCount("gpu", "", 2, 0), GresCount("shard", "", 16, 11)
    assert in_use(bars([gpus, shards], site("shard"))) == (11, 16)


counts = st.builds(
    GresCount,
    st.sampled_from(["gpu", "shard", "mps", "npu", "dcu", "fpga"]),
    st.sampled_from(["", "a100", "a100_1g.5gb", "vir02"]),
    st.integers(0, 64),
    st.integers(0, 64),
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8)), max_size=4).map(tuple),
)


@given(
    st.lists(counts, max_size=5),
    st.sampled_from(["shard", "mps", "mig", "gpu", "dcu", "npu", "cpu"]),
    st.integers(1, 100),
)
def test_no_bar_is_fuller_than_full(rows: list[GresCount], family: str, units: int) -> None:
    for bar in bars(rows, site(family, units)):
        assert 0 <= bar.used <= bar.total <= WHOLE


@pytest.mark.parametrize("taken", range(17))
def test_every_shard_in_use_is_seen(taken: int) -> None:
    gpus, shards = GresCount("gpu", "", 2, 0), GresCount("shard", "", 16, taken)
    assert in_use(bars([gpus, shards], site("shard"))) == (taken, 16)
