"""What scripts/cluster, scripts/site and scripts/postgres do; each is run as root by its script."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from pathlib import Path

from stage.checkout import VAR, StageError


def run(parser: argparse.ArgumentParser) -> int:
    """Do what the command line says, one command at a time, and put faults in one line.

    Two clusters or sites that start at once must not choose the same ports.
    """
    options = parser.parse_args()
    if os.geteuid() != 0:
        print(f"{parser.prog}: needs root, to start daemons as several users", file=sys.stderr)
        return 1
    if not Path("/proc/self/stat").exists():
        print(f"{parser.prog}: /proc is not mounted: mount -t proc proc /proc", file=sys.stderr)
        return 1
    VAR.mkdir(exist_ok=True)
    with (VAR / "stage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return int(options.run(options))
        except StageError as fault:
            print(f"{parser.prog}: {fault}", file=sys.stderr)
            return 1
