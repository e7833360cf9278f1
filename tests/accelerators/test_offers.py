"""A share becomes what a site's Slurm is asked for, whatever its devices are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from portal.accelerators import FAMILIES, Accelerator
from portal.config import Accelerator as Settings
from portal.errors import Invalid

A100 = {"1": "1g.5gb", "2": "2g.10gb", "3": "3g.20gb", "8": "7g.40gb"}


def accelerator(family: str, **changes: object) -> Accelerator:
    return Accelerator.from_settings(Settings(family=family, **changes))  # type: ignore[arg-type]


def offered(family: str, **changes: object) -> Mapping[int, str | None]:
    return {offer.eighths: offer.gres for offer in accelerator(family, **changes).offered()}


@pytest.mark.parametrize(
    ("family", "changes", "wanted"),
    [
        ("shard", {}, {1: "shard:1", 2: "shard:2", 4: "shard:4", 8: "shard:8"}),
        ("shard", {"type": "a100"}, {1: "shard:a100:1", 2: "shard:a100:2"}),
        ("shard", {"units_per_gpu": 4}, {2: "shard:1", 4: "shard:2", 8: "shard:4"}),
        ("shard", {"units_per_gpu": 1}, {8: "shard:1"}),
        ("mps", {"units_per_gpu": 100}, {1: "mps:12", 2: "mps:25", 4: "mps:50", 8: "mps:100"}),
        ("mig", {"profiles": A100}, {1: "gpu:1g.5gb:1", 3: "gpu:3g.20gb:1", 8: "gpu:7g.40gb:1"}),
        ("gpu", {}, {8: "gpu:1"}),
        ("gpu", {"type": "a100"}, {8: "gpu:a100:1"}),
        ("dcu", {}, {8: "dcu:1"}),
        ("npu", {"profiles": {"2": "vir02"}}, {2: "npu:vir02:1", 8: "npu:1"}),
        ("cpu", {}, {0: None}),
    ],
)
def test_gres_of_every_family(
    family: str, changes: dict[str, object], wanted: Mapping[int, str | None]
) -> None:
    assert wanted.items() <= offered(family, **changes).items()


@pytest.mark.parametrize(
    ("family", "changes", "sizes"),
    [
        ("shard", {}, [1, 2, 4, 8]),
        ("shard", {"units_per_gpu": 4}, [2, 4, 8]),
        ("mig", {"profiles": A100}, [1, 2, 3, 8]),
        ("mig", {"profiles": {"1": "1g.10gb"}}, [1]),
        ("gpu", {}, [8]),
        ("npu", {"profiles": {"2": "vir02", "4": "vir04"}}, [2, 4, 8]),
        ("cpu", {}, [0]),
    ],
)
def test_a_form_shows_what_the_site_has(
    family: str, changes: dict[str, object], sizes: list[int]
) -> None:
    assert list(offered(family, **changes)) == sizes


def test_cores_and_memory_go_with_the_share() -> None:
    site = accelerator("shard", cores_per_eighth=2, memory_mb_per_eighth=3000)
    offer = site.offer(4)
    assert (offer.cpus, offer.memory_mb) == (8, 12_000)
    assert (site.offer(0).cpus, site.offer(0).memory_mb) == (2, 3000)


@pytest.mark.parametrize(
    ("family", "changes", "fraction"),
    [("shard", {}, 0.25), ("mps", {"units_per_gpu": 100}, 0.25), ("mig", {"profiles": A100}, 1.0)],
)
def test_only_a_share_that_nothing_fences_is_capped(
    family: str, changes: dict[str, object], fraction: float
) -> None:
    assert accelerator(family, **changes).offer(2).memory_fraction == fraction


def test_cpu_only_is_possible_everywhere() -> None:
    for family in FAMILIES:
        offer = accelerator(family).offer(0)
        assert (offer.gres, offer.memory_fraction, offer.device_variable) == (None, 0.0, "")


def test_a_job_finds_its_device() -> None:
    assert accelerator("shard").offer(1).device_variable == "CUDA_VISIBLE_DEVICES"
    assert accelerator("dcu").offer(8).device_variable == "HIP_VISIBLE_DEVICES"
    assert accelerator("npu").offer(8).device_variable == "ASCEND_RT_VISIBLE_DEVICES"


@pytest.mark.parametrize(
    ("family", "changes", "eighths"),
    [
        ("shard", {"units_per_gpu": 4}, 1),
        ("shard", {}, 9),
        ("shard", {}, -1),
        ("gpu", {}, 4),
        ("mig", {"profiles": A100}, 4),
        ("mig", {}, 8),
        ("cpu", {}, 1),
    ],
)
def test_a_share_that_the_site_has_not(
    family: str, changes: dict[str, object], eighths: int
) -> None:
    with pytest.raises(Invalid) as refusal:
        accelerator(family, **changes).offer(eighths)
    (message,) = refusal.value.errors["share"]
    assert "{" not in str(message)


def test_labels_are_plain_words() -> None:
    labels = [str(offer.label) for offer in accelerator("mig", profiles=A100).offered()]
    assert labels == ["An eighth of a GPU", "A quarter of a GPU", "3/8 of a GPU", "A whole GPU"]


@pytest.mark.parametrize("size", ["0", "9", "half", "1.5", "01"])
def test_a_profile_of_no_size_is_refused(size: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accelerator("mig", profiles={size: "1g.5gb"})
    assert size in str(refusal.value)


def test_every_family_of_the_settings_has_a_row() -> None:
    choices = Settings.__dataclass_fields__["family"].metadata["choices"]
    assert set(choices) == FAMILIES.keys()
