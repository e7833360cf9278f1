"""The command behind ``scripts/bench``: which thing is measured, and how it ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stage import world
from stage.bench import burst, ldap, lesson, scheduler, security, watch
from stage.checkout import StageError


@dataclass(frozen=True)
class Measurement:
    """One word after ``scripts/bench``; `run` ends what it started."""

    purpose: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


MEASUREMENTS: Mapping[str, Measurement] = {
    "lesson": Measurement(
        "a class of forty, beside one plain array job", lesson.add_arguments, lesson.run
    ),
    "burst": Measurement(
        "ninety classes press Train at once, beside sbatch and submitit",
        burst.add_arguments,
        burst.run,
    ),
    "watch": Measurement(
        "3,600 people look on while ninety classes train", watch.add_arguments, watch.run
    ),
    "ldap": Measurement(
        "logins by LDAP, and a server that is stopped, slow or lies", ldap.add_arguments, ldap.run
    ),
    "security": Measurement(
        "what tries to break in, and what comes through", security.add_arguments, security.run
    ),
    "scheduler": Measurement(
        "what each way to Slurm costs, beside Slurm's own commands",
        scheduler.add_arguments,
        scheduler.run,
    ),
}


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("bench: needs root, to start daemons as several users", file=sys.stderr)
        return 1
    world.stop_when_told()
    try:
        return MEASUREMENTS[options.what].run(options)
    except StageError as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="What the portal costs.")
    words = parser.add_subparsers(dest="what", required=True)
    for word, measurement in MEASUREMENTS.items():
        measurement.add_arguments(words.add_parser(word, help=measurement.purpose))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
