"""A lesson of forty by the portal, beside the same forty programs as one plain array job."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from stage import race, school, sdiag, services, viewers, world
from stage.checkout import SERVICE_USER, StageError
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.race import Times
from stage.site import Site

NAME = "bench"
MANY_VIEWERS = 200
POLL_S = 1.0  # agent.poll_s of scripts/stage/settings.toml
WATCH_S = 20.0
WATCHED_SEATS = list(range(1, 13))  # they train for longer than that
SAMPLES = {"image-classifier": "fashion-mnist-1000", "tabular-classifier": "penguins"}
JOB_QUERIES = ("REQUEST_JOB_INFO", "REQUEST_JOB_USER_INFO", "REQUEST_JOB_INFO_SINGLE")
FIGURES = ("first_running_s", "median_running_s", "last_running_s", "last_result_s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--template", choices=tuple(SAMPLES), default="image-classifier")


def run(options: argparse.Namespace) -> int:
    try:
        return _measure(options)
    finally:
        world.down(NAME)


def _measure(options: argparse.Namespace) -> int:
    plan, site = world.up(NAME, print)
    account = school.people(site)[school.TEACHER]
    teacher = Portal(site.address).log_in(account.login, account.password)
    school.school_class(site, teacher)
    data = SAMPLES[options.template]
    school.data_sets(site, teacher, [data, SAMPLES["image-classifier"]])
    school.end_open_lessons(teacher)
    body = {"class": school.CLASS, "template": options.template, "data": data, "minutes": 40}

    print("warming up: programs and libraries are read from the disk once", flush=True)
    root = site.folder / "data"
    _, runs = race.by_portal(plan, root, teacher, body)
    portal: list[Times] = []
    raw: list[Times] = []
    for number in range(options.rounds):
        # By turns the one and the other goes first, so that neither has the better place.
        for way in ("portal", "raw")[:: 1 if number % 2 == 0 else -1]:
            if way == "portal":
                times, runs = race.by_portal(plan, root, teacher, body)
                portal.append(times)
            else:
                # An idle agent looks at the nodes now and then; the plain array is without it.
                services.stop(site, "agent")
                times = race.by_sbatch(plan, root, runs)
                services.start(site, "agent")
                raw.append(times)
            print(f"round {number + 1} {way:<7}{_row(times)}", flush=True)
    cookie = viewers.session_cookie(site, account.login, account.password)
    polled = {count: _polls(plan, site, teacher, cookie, count) for count in (1, MANY_VIEWERS)}
    _report(options, race.median(portal), race.median(raw), polled)
    return 0


def _polls(
    plan: ClusterPlan, site: Site, teacher: Portal, cookie: str, count: int
) -> dict[str, float]:
    """What slurmctld is asked by the portal while so many people look at a class that trains."""
    lesson = teacher.post(
        "/lessons",
        {
            "class": school.CLASS,
            "template": "image-classifier",
            "data": SAMPLES["image-classifier"],
            "minutes": 40,
            "seats": WATCHED_SEATS,
            "parameters": {"epochs": 30},
        },
    )
    while teacher.get(f"/lessons/{lesson['id']}")["counts"]["running"] < len(WATCHED_SEATS):
        time.sleep(race.LOOK_S)
    with viewers.watching(site, cookie, lesson["id"], count) as received:
        sdiag.reset(plan)
        time.sleep(WATCH_S)
        asked = sdiag.calls(plan)
        silent = received.count(0)
    if not teacher.get(f"/lessons/{lesson['id']}")["live"]:
        raise StageError("the class had ended before the agent's questions were counted")
    if silent:
        raise StageError(f"{silent} of {count} open pages were sent nothing")
    school.end_open_lessons(teacher)
    polls = WATCH_S / POLL_S
    # One squeue is a question about jobs and one about partitions.
    queries = sum(asked.by_type.get(kind, 0) for kind in JOB_QUERIES)
    return {
        "queries_per_poll": round(queries / polls, 2),
        "rpcs_per_poll": round(asked.by_user.get(SERVICE_USER, 0) / polls, 2),
    }


def _report(
    options: argparse.Namespace,
    portal: Times,
    raw: Times,
    polled: Mapping[int, Mapping[str, float]],
) -> None:
    print(f"\nmedians of {options.rounds} rounds, {school.SEATS} seats, {options.template}")
    print(f"{'':<16}{''.join(f'{name:>18}' for name in (*FIGURES, 'rpcs', 'by user kesuan'))}")
    for name, times in (("portal", portal), ("raw sbatch", raw)):
        print(f"{name:<16}{_row(times)}")
    ratio = portal.last_running_s / raw.last_running_s
    print(f"\nlast seat running, portal : raw = {ratio:.2f}")
    for count, found in polled.items():
        words = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in found.items())
        print(f"{count} open class pages: {words}")
    rpcs: dict[str, Any] = {
        "portal": {"all": portal.rpcs, "by_user": portal.rpcs_of_user},
        "raw": {"all": raw.rpcs, "by_user": raw.rpcs_of_user},
        "viewers": {str(count): found for count, found in polled.items()},
    }
    figures = {
        "seats": school.SEATS,
        "portal": {name: round(asdict(portal)[name], 3) for name in FIGURES},
        "raw": {name: round(asdict(raw)[name], 3) for name in FIGURES},
        "ratio_last_running": round(ratio, 3),
        "rpcs": rpcs,
    }
    print(json.dumps(figures))


def _row(times: Times) -> str:
    figures = "".join(f"{asdict(times)[name]:>16.2f} s" for name in FIGURES)
    return f"{figures}{times.rpcs:>18.0f}{times.rpcs_of_user:>18.0f}"
