"""Generic resources in all the ways that Slurm has written them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.scheduler import GresCount
from portal.scheduler.gres import in_use, parse_gres, parse_tres


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gpu:2", [GresCount("gpu", "", 2)]),
        ("gpu", [GresCount("gpu", "", 1)]),
        ("gpu:a100:2", [GresCount("gpu", "a100", 2)]),
        ("gpu:a100:2(S:0-1)", [GresCount("gpu", "a100", 2)]),
        ("gpu:a100_1g.5gb:7", [GresCount("gpu", "a100_1g.5gb", 7)]),
        ("gpu:1g.10gb:1", [GresCount("gpu", "1g.10gb", 1)]),
        ("gpu:a100", [GresCount("gpu", "a100", 1)]),
        ("mps:a100:200", [GresCount("mps", "a100", 200)]),
        ("shard:a100:16(8/8,0/8)", [GresCount("shard", "a100", 16, 0, ((8, 8), (0, 8)))]),
        ("shard:a100:4(-/8,4/8)", [GresCount("shard", "a100", 4, 0, ((0, 8), (4, 8)))]),
        (
            "gpu:a100:2(S:0,1),shard:16",
            [GresCount("gpu", "a100", 2), GresCount("shard", "", 16)],
        ),
        ("gpu:a100:0(IDX:N/A)", [GresCount("gpu", "a100", 0)]),
        ("gpumem:80G", [GresCount("gpumem", "", 80 * 1024**3)]),
        ("(null)", []),
        ("", []),
        (",,(", []),
    ],
)
def test_entries(text: str, found: list[GresCount]) -> None:
    assert list(parse_gres(text)) == found


def test_allocations() -> None:
    text = "cpu=4,mem=40M,gres/gpu=2,gres/gpu:a100=2,gres/shard=4,billing=1"
    assert parse_tres(text) == {("gpu", ""): 2, ("gpu", "a100"): 2, ("shard", ""): 4}


def test_accounting_is_believed_before_the_count_of_busy_gpus() -> None:
    """Slurm 22.05 says `shard:a100:2` when sixteen shards on two GPUs are taken."""
    (shard,) = in_use(
        parse_gres("shard:a100:16"),
        parse_gres("shard:a100:2(IDX:0-1)"),
        "cpu=64,gres/shard=16",
        "cpu=16,gres/shard=16",
    )
    assert (shard.used, shard.total) == (16, 16)


def test_what_is_not_accounted_for_is_read_from_its_use() -> None:
    (shard,) = in_use(parse_gres("shard:16"), parse_gres("shard:5(5/8,0/8)"), "cpu=64", "cpu=5")
    assert (shard.used, shard.devices) == (5, ((5, 8), (0, 8)))


@pytest.mark.parametrize(
    ("used", "devices"),
    [
        ("gpu:a100:1(IDX:1)", ((0, 1), (1, 1), (0, 1), (0, 1))),
        ("gpu:a100:3(IDX:0,2-3)", ((1, 1), (0, 1), (1, 1), (1, 1))),
        ("gpu:a100:0(IDX:N/A)", ()),
        ("gpu:a100:1(IDX:7)", ()),
        ("gpu:a100:1", ()),
    ],
)
def test_which_gpus_are_in_use(used: str, devices: tuple[tuple[int, int], ...]) -> None:
    (gpu,) = in_use(parse_gres("gpu:a100:4"), parse_gres(used), "", "")
    assert gpu.devices == devices


def test_of_several_types_a_number_tells_no_device() -> None:
    gpus = in_use(parse_gres("gpu:a:1,gpu:b:1"), parse_gres("gpu:b:1(IDX:1)"), "", "")
    assert [gpu.devices for gpu in gpus] == [(), ()]


def test_idle_and_accounted_for_is_nought() -> None:
    (shard,) = in_use(parse_gres("shard:16"), parse_gres("shard:1"), "gres/shard=16", "")
    assert shard.used == 0


def test_types_of_one_name_are_told_apart_by_their_use() -> None:
    small, large = in_use(
        parse_gres("gpu:1g.10gb:4,gpu:3g.40gb:1"),
        parse_gres("gpu:1g.10gb:2(IDX:0-1),gpu:3g.40gb:1(IDX:4)"),
        "gres/gpu=5",
        "gres/gpu=3",
    )
    assert (small.used, large.used) == (2, 1)


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_is_counted_within_bounds(gres: str, used: str, has: str, takes: str) -> None:
    for item in in_use(parse_gres(gres), parse_gres(used), has, takes):
        assert 0 <= item.used <= item.total
