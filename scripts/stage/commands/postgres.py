"""The command behind ``scripts/postgres``."""

from __future__ import annotations

import argparse
import sys

from stage import postgres
from stage.commands import run


def _up(options: argparse.Namespace) -> int:
    print(postgres.up(options.name).url)
    return 0


def _down(options: argparse.Namespace) -> int:
    postgres.down(options.name)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="postgres", description="A PostgreSQL to throw away.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, do, what in (
        ("up", _up, "start an empty one and print its address"),
        ("down", _down, "end it and forget it"),
    ):
        sub = commands.add_parser(name, help=what)
        sub.add_argument("--name", default="tests", help="which one (default: tests)")
        sub.set_defaults(run=do)
    return parser


if __name__ == "__main__":
    sys.exit(run(_parser()))
