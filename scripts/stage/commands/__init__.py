"""What scripts/cluster, scripts/site and scripts/postgres do; each is run as root by its script."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from stage.checkout import StageError, alone


def run(parser: argparse.ArgumentParser) -> int:
    """Do what the command line says, one command at a time, and put faults in one line."""
    options = parser.parse_args()
    if os.geteuid() != 0:
        print(f"{parser.prog}: needs root, to start daemons as several users", file=sys.stderr)
        return 1
    if not Path("/proc/self/stat").exists():
        print(f"{parser.prog}: /proc is not mounted: mount -t proc proc /proc", file=sys.stderr)
        return 1
    try:
        with alone():
            return int(options.run(options))
    except StageError as fault:
        print(f"{parser.prog}: {fault}", file=sys.stderr)
        return 1
