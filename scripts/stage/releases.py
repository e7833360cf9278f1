"""The versions of Slurm that the portal is held against, and what each wants of this project.

Each comes with a Debian; scripts/stage/debian.py puts those that this machine is not into folders.
A line more here, and the contract, the recorders and `scripts/cluster up --debian` know a version
more: docs/slurm-versions.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

UNDER_TEST = "KESUAN_TEST_SLURM"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of Slurm.

    - `script` is debootstrap's for this suite; one that is younger than this machine's debootstrap
      has none of its own yet, and is made as unstable is.
    - `cgroup_plugin` is what keeps slurmd from using cgroups: see slurm_conf/cgroup.conf.
    - `wants_usage`: slurmctld does not start ("fatal: No Assoc usage file … to recover") where its
      state lacks the file that it writes every five minutes, as after a kill in the first five.
    """

    slurm: str
    suite: str
    script: str
    cgroup_plugin: str
    wants_usage: bool = False


RELEASES = (
    # "disabled" came with 23.02; before it a plugin that has nothing to do is the nearest to it.
    Release("22.05", "bookworm", "bookworm", cgroup_plugin="cgroup/v1"),
    Release("24.11", "trixie", "trixie", cgroup_plugin="disabled"),
    Release("26.05", "forky", "sid", cgroup_plugin="disabled", wants_usage=True),
)

BY_SUITE: Mapping[str, Release] = {release.suite: release for release in RELEASES}


def here() -> Release | None:
    """The release that this machine's own packages are of, if the table has it."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    return BY_SUITE.get(found.get("VERSION_CODENAME", "").strip('"'))


def slurm_under_test() -> str:
    """The suite whose Slurm the tests are to run on, "" for this machine's own.

    KESUAN_TEST_SLURM names a version: 24.11.
    """
    wanted = os.environ.get(UNDER_TEST)
    if wanted is None:
        return ""
    found = next(release for release in RELEASES if release.slurm == wanted)
    return "" if found == here() else found.suite
