"""The controller's configuration and the version, from scontrol and sbatch."""

from __future__ import annotations

import re

from portal.scheduler.commands.parsers.words import NOTHING
from portal.scheduler.errors import Unavailable
from portal.scheduler.site import Preemption, Site


def site(text: str) -> Site:
    """`scontrol show config`."""
    found = dict(re.findall(r"^(\w+)\s*= ?(.*)$", text, re.MULTILINE))
    if "SLURM_VERSION" not in found:
        raise Unavailable(f"scontrol printed {text[:200]!r}")

    def words(key: str) -> tuple[str, ...]:
        listed = found.get(key, "").strip().split(",")
        return tuple(word for word in listed if word not in NOTHING and word != "none")

    def number(key: str) -> int:
        match = re.match(r"\d{1,18}", found.get(key, ""))
        return int(match[0]) if match else 0

    controllers = re.findall(r"^Slurmctld\(\w+\) at .* is (\w+)$", text, re.MULTILINE)
    return Site(
        version=found["SLURM_VERSION"].strip(),
        cluster=found.get("ClusterName", "").strip(),
        tres=words("AccountingStorageTRES"),
        enforce=words("AccountingStorageEnforce"),
        gres_types=words("GresTypes"),
        min_job_age_s=number("MinJobAge"),
        message_timeout_s=number("MessageTimeout"),
        max_array_size=number("MaxArraySize"),
        controllers_up="UP" in controllers,
        scheduler_parameters=words("SchedulerParameters"),
        controller_parameters=words("SlurmctldParameters"),
        booted_at=float(number("BOOT_TIME")) or None,
        preemption=Preemption(
            "".join(words("PreemptType")), words("PreemptMode"), number("PriorityWeightQOS")
        ),
    )


def version(text: str) -> str:
    """`sbatch --version`: "slurm-wlm 22.05.8" on Debian, "slurm 24.11.5" elsewhere."""
    match = re.fullmatch(r"\S+ (\d+\.\d+\S*)", text.strip())
    if match is None:
        raise Unavailable(f"sbatch printed {text[:200]!r}")
    return match[1]
