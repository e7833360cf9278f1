"""Ninety schools with a class each, all of them in training: made once, then looked at."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stage import race, services, slurm, viewers
from stage import site as stage_site
from stage.bench.contenders import PROGRAMS
from stage.checkout import ROOT, SERVICE_USER, StageError, alone
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.site import Site
from stage.terminal import kesuan, python

SLEEPERS = Path(__file__).parent / "sleepers"
TEMPLATE, DATA_SET = "image-classifier", "fashion-mnist-1000"
CLASS = "7-2"  # as programs/classes.py makes it
LESSON_MINUTES = 120
LOOK_S, TELL_EVERY_S = 1.0, 10.0
TOLD_LESSONS = 30
MEMORY = Path("/dev/shm")  # noqa: S108 - root's own folder is made there
# Slurm starts some fifty tasks a second here, when it has the machine for itself.
SLOWEST_STARTS_PER_S = 8


@dataclass(frozen=True)
class Class:
    """A class in its lesson, and the cookie of its teacher."""

    lesson: str
    cookie: str
    runs: Sequence[str] = field(repr=False)


def site_of(plan: ClusterPlan) -> Site:
    """A fresh site on the cluster, whose jobs sleep; web and agent are up."""
    folder = stage_site.SITES / plan.name
    with alone():
        old = stage_site.load_site(plan.name)
        if old is not None:
            services.stop(old)
        shutil.rmtree(folder, ignore_errors=True)
        site = Site(plan.name, plan.name, stage_site.free_port(None))
        stage_site.write(site)
        _into_memory(site)
        text = site.settings.read_text()
        # Of two folders with a runtime the first one's counts.
        house = f'"{ROOT}/job_templates"'
        site.settings.write_text(text.replace(house, f'"{SLEEPERS}", {house}'))
        if services.command(site, ["kesuan", "migrate"]) != 0:
            raise StageError("the database could not be made")
        services.start(site)
    kesuan(site, "data", "import", DATA_SET)
    return site


def launch(
    site: Site, accounts: Sequence[str], seats: int, say: Callable[[str], None]
) -> list[Class]:
    """A lesson for a class of every school, launched by its teacher, who then logs in to look."""
    password = secrets.token_urlsafe(12)
    wanted = {"accounts": list(accounts), "seats": seats, "password": password}
    said = python(site, PROGRAMS / "classes.py", typed=json.dumps(wanted), environment={})
    say(f"{len(accounts)} schools are there, each with a teacher and {seats} seats")
    classes = []
    for login in json.loads(said):
        classes.append(_launched(site, login, password))
        if len(classes) % TOLD_LESSONS == 0 or len(classes) == len(accounts):
            say(f"{len(classes)} lessons are launched, each by its teacher")
    return classes


def await_running(plan: ClusterPlan, tasks: int, say: Callable[[str], None]) -> None:
    """Return when Slurm says that so many tasks run. Raises StageError when it gives up."""
    begun = told = time.monotonic()
    patience_s = 60 + tasks / SLOWEST_STARTS_PER_S
    while (running := _running(plan)) < tasks:
        now = time.monotonic()
        if now - begun > patience_s:
            raise StageError(f"only {running} of {tasks} tasks run after {patience_s:.0f} s")
        if now - told > TELL_EVERY_S:
            told = now
            say(f"{running} of {tasks} tasks run in Slurm")
        time.sleep(LOOK_S)
    say(f"{running} tasks run in Slurm, {time.monotonic() - begun:.0f} s after the last launch")


def forget(name: str) -> None:
    """Give the memory back in which the site's data lay."""
    shutil.rmtree(_memory(name), ignore_errors=True)


def attempt(site: Site, run: str) -> Path:
    """Where the run's first attempt writes."""
    return race.run_folder(site.folder / "data", run) / "attempt-1"


def _into_memory(site: Site) -> None:
    """Lay the data root where no disk is: a school's lies on a file server, and not on the disk of
    the two cores that are measured.

    ext4 writes a file to the disk when another one takes its name, which 1,800 do each second.
    """
    data, folder = site.folder / "data", _memory(site.name)
    forget(site.name)
    shutil.copytree(data, folder)
    shutil.chown(folder, SERVICE_USER, SERVICE_USER)
    shutil.rmtree(data)
    data.symlink_to(folder)


def _memory(name: str) -> Path:
    return MEMORY / f"kesuan-{name}"


def _launched(site: Site, login: str, password: str) -> Class:
    teacher = Portal(site.address).log_in(login, password)
    body = {"class": CLASS, "template": TEMPLATE, "data": DATA_SET, "minutes": LESSON_MINUTES}
    lesson = teacher.post("/lessons", body)
    runs = [seat["run"] for seat in lesson["seats"]]
    return Class(lesson["id"], viewers.session_cookie(site, login, password), runs)


def _running(plan: ClusterPlan) -> int:
    asked = ["squeue", "--noheader", "--states=RUNNING", "--format=%A", f"--user={SERVICE_USER}"]
    return len(slurm.answer(plan, asked, patience_s=60).split())
