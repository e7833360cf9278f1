"""A school day on a real Slurm: a site of its own, its teacher, its class and their lessons."""

from __future__ import annotations

import csv
import json
import shutil
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stage import records, school, services
from stage import site as stage_site
from stage.checkout import ROOT, StageError
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.site import Site
from stage.terminal import kesuan

HERE = Path(__file__).parent
PATIENCE_S = 240.0
ALIVE = ("waiting", "submitted", "running", "finishing")


@dataclass(frozen=True)
class Day:
    """One site, and what its people do."""

    site: Site
    plan: ClusterPlan
    teacher: Portal
    accounts: Mapping[str, school.Account]

    @property
    def data_root(self) -> Path:
        return self.site.folder / "data"

    def launch(
        self, template: str, data: str, *, seats: Sequence[int] | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """The teacher's POST."""
        body = {
            "class": school.CLASS,
            "template": template,
            "data": data,
            "minutes": 40,
            "seats": list(seats) if seats else None,
            "parameters": parameters,
        }
        return self.teacher.post("/lessons", body)

    def lesson(self, lesson_id: str) -> dict[str, Any]:
        return self.teacher.get(f"/lessons/{lesson_id}")

    def until(
        self,
        lesson_id: str,
        there: Callable[[dict[str, Any]], bool],
        patience_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """The lesson once `there` is true of it; fails with what it was like instead."""
        deadline = time.monotonic() + patience_s
        while True:
            lesson = self.lesson(lesson_id)
            if there(lesson):
                return lesson
            if time.monotonic() > deadline:
                reasons = {str(seat["reason"]) for seat in taking_part(lesson)}
                raise AssertionError(f"after {patience_s} s: {lesson['counts']}, {reasons}")
            time.sleep(0.2)

    def ended(self, lesson_id: str) -> dict[str, Any]:
        return self.until(lesson_id, lambda lesson: not lesson["live"])

    def seat_portals(self) -> list[Portal]:
        """The portal as each of the forty seats sees it."""
        with school.slips(self.site).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        portal = Portal(self.site.address)
        return [portal.log_in(row["login"], row["password"]) for row in rows]

    def batches(self, lesson: Mapping[str, Any]) -> set[str]:
        """Names of the array jobs that the lesson's runs went to Slurm as, from their folders."""
        runs = {seat["run"] for seat in taking_part(lesson)}
        found = set()
        for file in self.data_root.glob("batches/*/tasks.json"):
            tasks = json.loads(file.read_text())["tasks"].values()
            if runs & {task["run"] for task in tasks}:
                found.add(file.parent.name)
        return found

    def claims(self, lesson: Mapping[str, Any]) -> dict[str, list[str]]:
        """For every run, the job ids that its attempts were claimed by."""
        return {
            seat["run"]: [
                json.loads(file.read_text())["job_id"]
                for file in sorted(self.run_folder(seat["run"]).glob("attempt-*/claim.json"))
            ]
            for seat in taking_part(lesson)
        }

    def run_folder(self, run_id: str) -> Path:
        return self.data_root / "runs" / run_id[:2] / run_id

    def records(self, lesson: Mapping[str, Any]) -> list[records.Record]:
        """What Slurm's accounting says of the lesson, once all of it has ended there."""
        jobs = [seat["slurm_job"] for seat in taking_part(lesson)]
        records.of_jobs(self.plan, jobs)
        return records.of_names(self.plan, sorted(self.batches(lesson)))


def taking_part(lesson: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The seats that have a run in the lesson."""
    return [seat for seat in lesson["seats"] if seat["run"]]


def begin(plan: ClusterPlan) -> Day:
    """A fresh site on a cluster that is up, with the demo's school in it."""
    last = stage_site.load_site(plan.name)
    if last is not None:
        services.stop(last)
        shutil.rmtree(last.folder)
    site = Site(plan.name, plan.name, free_port())
    stage_site.write(site)
    with_test_templates(site)
    if services.command(site, ["kesuan", "migrate"]) != 0:
        raise StageError("the database could not be made")
    services.start(site)
    accounts = school.people(site)
    account = accounts[school.TEACHER]
    teacher = Portal(site.address).log_in(account.login, account.password)
    school.school_class(site, teacher)
    school.data_sets(site, teacher, ["penguins", "fashion-mnist-1000"])
    return Day(site, plan, teacher, accounts)


def end(day: Day) -> None:
    services.stop(day.site)


def command(day: Day, *words: str, typed: str = "") -> str:
    """What a `kesuan` command prints on the portal's machine."""
    return kesuan(day.site, *words, typed=typed)


def free_port() -> int:
    """One that the kernel gives: a demo beside the tests would look for the first free one too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def with_test_templates(site: Site) -> None:
    """A second folder of templates, as a site adds its own, and the environment that they name."""
    house = f"{ROOT}/job_templates"
    text = site.settings.read_text().replace(house, f'{house}", "{HERE}/templates')
    site.settings.write_text(text + '\n[environments.bare]\nkind = "plain"\n')
