"""The command behind ``scripts/chaos``: faults on purpose, and whether anything is lost by them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from stage import world
from stage.chaos import place as chaos_place
from stage.chaos import report
from stage.chaos.faults import KINDS
from stage.chaos.schedule import schedule
from stage.chaos.slurm import Slurm
from stage.chaos.storm import Outcome, storm, versions, waiting_times
from stage.checkout import StageError

NAME = "chaos"
MANY_POINTS = 1000
AWAY_S, SHORT_AWAY_S = 600.0, 20.0
FINDINGS_SHOWN = 40


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("chaos: needs root, to hurt daemons of several users", file=sys.stderr)
        return 1
    world.stop_when_told()
    try:
        with chaos_place.kept_for_us(options.name):
            return _in_its_place(options)
    except StageError as fault:
        print(f"chaos: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _in_its_place(options: argparse.Namespace) -> int:
    try:
        return _chaos(options)
    finally:
        chaos_place.down(options.name)


def _chaos(options: argparse.Namespace) -> int:
    points = schedule(options.points, options.seed, options.only)
    away = options.away or (AWAY_S if options.points >= MANY_POINTS else SHORT_AWAY_S)
    place = chaos_place.up(options.name)
    facts = versions(Slurm(place.plan))
    _say(f"Slurm {facts['slurm']}: {len(points)} points by seed {options.seed}; {waiting_times()}")
    _say(f"the controller is away for {away:g} s where it is away, and paused for no longer")
    try:
        outcome = storm(place, points, away, _say)
    finally:
        place.agents.close()
    return _tell(outcome, options.seed, {"away_s": away, "versions": facts})


def _tell(outcome: Outcome, seed: int, facts: dict[str, object]) -> int:
    for finding in outcome.findings[:FINDINGS_SHOWN]:
        _say(f"{finding.wrong}: run {finding.run}: {finding.words}")
    if len(outcome.findings) > FINDINGS_SHOWN:
        _say(f"and {len(outcome.findings) - FINDINGS_SHOWN} more")
    _say("\n".join(report.lines(outcome.rows)))
    found = report.summary(outcome.rows, seed, facts)
    _say(json.dumps({**found, "requests_repeated": outcome.requests_repeated}))
    return 1 if found["lost"] or found["doubled"] or found["wrong_verdicts"] else 0


def _say(words: str) -> None:
    print(words, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaos", description="Faults on a real cluster, and what people were shown meanwhile."
    )
    parser.add_argument("--points", type=int, default=100, help="faults in all (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="the same one gives the same faults")
    parser.add_argument(
        "--only",
        type=_kinds,
        default=(),
        metavar="FAULT,…",
        help=f"of {', '.join(KINDS)}",
    )
    parser.add_argument(
        "--away",
        type=float,
        metavar="S",
        help=f"how long the controller is away once (default {AWAY_S:g} from {MANY_POINTS} points "
        f"on, else {SHORT_AWAY_S:g})",
    )
    parser.add_argument("--name", default=NAME, help="of its cluster and its site")
    return parser


def _kinds(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"there is no fault {name!r}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
