"""The command behind ``scripts/demo``: a class of forty trains on a real Slurm, on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from stage import lesson, records, school, services, slapd, world
from stage.checkout import StageError, alone
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.site import Site
from stage.slapd import Directory
from stage.terminal import kesuan

NAME = "demo"
SAMPLES = {"image-classifier": "fashion-mnist-1000", "tabular-classifier": "penguins"}
LOOK_S = 1.0


class Steps:
    """Says what is being done, and how long it has taken since the start."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def say(self, words: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {words}", flush=True)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("demo: needs root, to start daemons as several users", file=sys.stderr)
        return 1
    world.stop_when_told()
    try:
        if options.what == "start":
            return _show(options)
        (world.down if options.what == "stop" else world.forget)(NAME)
    except StageError as fault:
        print(f"demo: {fault}", file=sys.stderr)
        return 1
    return 0


def _show(options: argparse.Namespace) -> int:
    """The whole lesson; whatever happens, nothing that it started is left behind."""
    steps = Steps()
    summary: dict[str, Any] | None = None
    directory: Directory | None = None
    try:
        if options.ldap:
            with alone():
                directory = slapd.up(NAME)
            steps.say(f"slapd is up: {directory.tls_url}, {len(directory.passwords)} people")
        plan, site = world.up(NAME, steps.say, options.port, directory=directory)
        accounts = school.people(site, directory)
        launched = _teach(steps, site, accounts, options)
        if options.headless:
            summary = _verdict(plan, launched, steps)
        else:
            _tell(site, launched, accounts, directory)
            _stay(site)
    except KeyboardInterrupt:
        print()
    finally:
        world.down(NAME)
        steps.say("everything is stopped")
    if summary is None:
        return 1 if options.headless else 0
    print(json.dumps(summary))
    good = summary["seats"] == summary["succeeded"] == summary["completed_in_accounting"]
    return 0 if good else 1


def _teach(
    steps: Steps,
    site: Site,
    accounts: Mapping[str, school.Account],
    options: argparse.Namespace,
) -> lesson.Lesson:
    """Seed what is missing, launch a lesson through the API, and stay until every seat ended."""
    portal = Portal(site.address)
    teacher = portal.log_in(school.TEACHER, accounts[school.TEACHER].password)
    school.school_class(site, teacher)
    data = options.data or SAMPLES[options.template]
    wanted = {*SAMPLES.values(), data}
    school.data_sets(site, teacher, wanted)
    steps.say(
        f"{school.SCHOOL_NAME}, {school.NAMES[school.TEACHER]}, {school.CLASS_NAME}: "
        f"{school.SEATS} seats; data sets {', '.join(sorted(wanted))}"
    )
    school.end_open_lessons(teacher)
    words = ["submit", options.template, "--data", data, "--class", school.CLASS]
    if options.seats < school.SEATS:
        words += ["--seats", f"1-{options.seats}"]
    steps.say(f"kesuan {' '.join(words)}")
    launched = _as_teacher(site, accounts[school.TEACHER], words)
    password = accounts[school.TEACHER].password
    steps.say(f"to watch it: {_page(site, launched)}, login {school.TEACHER}, password {password}")
    seen = lesson.follow(teacher, launched["id"])
    print(lesson.table(seen), flush=True)
    teacher.log_out()
    return seen


def _as_teacher(site: Site, teacher: school.Account, words: Sequence[str]) -> dict[str, Any]:
    """What a `kesuan` command answers that the teacher types: the way of every script."""
    environment = {
        "KESUAN_SERVER": site.address,
        "KESUAN_TOKEN_FILE": str(site.folder / "secrets" / "teacher-token"),
    }
    login = ["login", teacher.login, "--password-file", "-"]
    kesuan(site, *login, typed=teacher.password + "\n", environment=environment)
    answer: dict[str, Any] = json.loads(kesuan(site, *words, "--json", environment=environment))
    return answer


def _verdict(plan: ClusterPlan, seen: lesson.Lesson, steps: Steps) -> dict[str, Any]:
    """The lesson in figures, with the word of Slurm's accounting beside the portal's."""
    summary = lesson.summary(seen)
    jobs = summary["slurm_jobs"]
    found = records.of_jobs(plan, jobs)
    completed = [job for job in jobs if job in found and found[job].completed]
    for job in jobs:
        if job not in completed:
            steps.say(f"accounting says of {job}: {found.get(job, 'nothing')}")
    steps.say(f"accounting: {len(completed)} of {len(jobs)} jobs COMPLETED, with gres/shard")
    return {**summary, "completed_in_accounting": len(set(completed))}


def _page(site: Site, launched: lesson.Lesson) -> str:
    return f"{site.address}/lessons/{launched['id']}"


def _tell(
    site: Site,
    launched: lesson.Lesson,
    accounts: Mapping[str, school.Account],
    directory: Directory | None,
) -> None:
    print(f"\n  Kesuan       {site.address}")
    print(f"  the lesson   {_page(site, launched)}")
    for account in accounts.values():
        print(f"  {account.role:<12} login {account.login}, password {account.password}")
    if directory is not None:
        print(f"  by LDAP      {directory.tls_url}, certificate authority {directory.ca_file}")
        for login, password in directory.passwords.items():
            print(f"               login {login}, password {password}")
    print(f"  forty seats  logins and passwords in {school.slips(site)}")
    print(f"  (the others are kept in {school.credentials(site)})")
    print("  to stop it   Ctrl-C here, or ./scripts/demo stop", flush=True)


def _stay(site: Site) -> None:
    """Until Ctrl-C, or until somebody stops the demo elsewhere, or the script above has gone."""
    parent = os.getppid()
    while services.running(site) and os.getppid() == parent:
        time.sleep(LOOK_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="demo", description="A class of forty trains on a real Slurm, on this machine."
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("start", "stop", "forget"),
        default="start",
        help="stop: end what runs; forget: remove what the demo has made, too",
    )
    parser.add_argument(
        "--headless", action="store_true", help="one lesson, its table, a line of JSON, the end"
    )
    parser.add_argument("--template", choices=tuple(SAMPLES), default="image-classifier")
    parser.add_argument("--data", help="a packaged data set (default: the template's sample)")
    parser.add_argument(
        "--seats", type=int, choices=range(1, school.SEATS + 1), default=school.SEATS, metavar="N"
    )
    parser.add_argument(
        "--ldap", action="store_true", help="people log in by a slapd that the demo starts"
    )
    parser.add_argument("--port", type=int, help="of the pages (default: a free one from 8080)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
