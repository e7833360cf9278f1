"""Whether the kernel killed something for lack of memory while the program ran."""

from __future__ import annotations

import contextlib
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def kills_so_far() -> int:
    """The kernel's count of out-of-memory kills, in this job's cgroup and on the whole node.

    https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.events),
    https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (memory.oom_control)
    """
    files = [Path("/proc/vmstat")]
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            below = path.lstrip("/")
            if not controllers:
                files.append(CGROUPS / below / "memory.events")
            elif "memory" in controllers.split(","):
                files.append(CGROUPS / "memory" / below / "memory.oom_control")
    return sum(_count(file) for file in files)


def _count(file: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in file.read_text(encoding="utf-8").splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0
