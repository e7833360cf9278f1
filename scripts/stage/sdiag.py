"""What slurmctld was asked, and by whom, as `sdiag` counts it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stage import slurm
from stage.plan import ClusterPlan

# "	REQUEST_JOB_INFO                        ( 2003) count:7      ave_time:215    total_time:1505"
_COUNT = re.compile(r"\s+(\S+)\s+\(\s*\d+\) count:(\d+)\s")


@dataclass(frozen=True)
class Calls:
    """Remote procedure calls since the last `reset`."""

    by_type: Mapping[str, int]
    by_user: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_type.values())


def reset(plan: ClusterPlan) -> None:
    """Begin to count anew."""
    _sdiag(plan, "--reset")


def calls(plan: ClusterPlan) -> Calls:
    """What was counted; the question itself is in it, as REQUEST_STATS_INFO of root."""
    sections = re.split(r"(?m)^(?=Remote Procedure Call statistics|Pending RPC)", _sdiag(plan))
    return Calls(
        by_type=dict(_counts(sections, "Remote Procedure Call statistics by message type")),
        by_user=dict(_counts(sections, "Remote Procedure Call statistics by user")),
    )


def _counts(sections: list[str], head: str) -> Iterator[tuple[str, int]]:
    for section in sections:
        if section.startswith(head):
            yield from ((name, int(count)) for name, count in _COUNT.findall(section))


def _sdiag(plan: ClusterPlan, *options: str) -> str:
    return slurm.as_root(plan, ["sdiag", *options])
