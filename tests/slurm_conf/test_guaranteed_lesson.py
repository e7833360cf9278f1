"""Lessons of two schools on a centre's Slurm: one borrows all, the other comes for its part."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from stage import services
from stage import site as stage_site
from stage.bench.contenders import PROGRAMS
from stage.client import Portal
from stage.site import Site
from stage.terminal import kesuan, python

from portal import config
from portal.store import EVERYONE, Store
from portal.store.tables import ClusterView
from tests.lesson.day import free_port, taking_part, with_test_templates
from tests.slurm_conf.conftest import SiteCluster, wait

OWNER, OTHER = "owner7", "other7"
PARTS = {OWNER: 4, OTHER: 2}  # of eight shares
SEATS = 12
PASSWORD = "long enough"
QOS = """
qos = "lesson"
homework_qos = "homework"
borrow_qos = "borrow"
"""

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class House:
    """The portal, and the teachers of two schools by their account."""

    site: Site
    teachers: Mapping[str, Portal]

    def launch(self, account: str, seconds: int) -> str:
        """A lesson in which every seat counts so many seconds, or fewer where it must make way."""
        body = {
            "class": "7-2",
            "template": "counting",
            "data": "penguins",
            "minutes": 40,
            "share": 1,
            "parameters": {"seconds": seconds},
        }
        return str(self.teachers[account].post("/lessons", body)["id"])

    def lesson(self, account: str, lesson_id: str) -> dict[str, Any]:
        return self.teachers[account].get(f"/lessons/{lesson_id}")

    def said(self, event: str) -> list[str]:
        """The agent's lines of such an event."""
        lines = services.log_of(self.site, "agent").read_text().splitlines()
        return [line for line in lines if f'event="{event}"' in line]


@pytest.fixture
def house(site: SiteCluster) -> Iterator[House]:
    """A portal beside the centre's Slurm, with a guaranteed part for each of two schools."""
    plan = site.cluster.plan
    made = Site(plan.name, plan.name, free_port())
    shutil.rmtree(made.folder, ignore_errors=True)
    stage_site.write(made)
    with_test_templates(made)
    text = made.settings.read_text().replace('\nqos = "class"\n', QOS)
    made.settings.write_text(text.replace("[agent]\n", "[agent]\nnodes_every_s = 5\n"))
    assert services.command(made, ["kesuan", "migrate"]) == 0
    try:
        kesuan(made, "data", "import", "penguins")
        wanted = {"accounts": list(PARTS), "seats": SEATS, "password": PASSWORD}
        python(made, PROGRAMS / "classes.py", typed=json.dumps(wanted), environment={})
        for account, part in PARTS.items():
            kesuan(made, "schools", "set", account, "--shares", "8", "--guaranteed", str(part))
        # By an operator of Slurm's, which root is.
        applied = [str(services.PYTHON_BIN / "kesuan"), "schools", "apply", "--yes"]
        subprocess.run(applied, env=services.environment(made), check=True, capture_output=True)
        services.start(made)
        portal = Portal(made.address)
        yield House(made, {who: portal.log_in(f"{who}-t", PASSWORD) for who in PARTS})
    finally:
        services.stop(made)


def held(site: SiteCluster, qos: str) -> int:
    """Tasks that run under a QOS."""
    rows = ("squeue", "--noheader", "--array", "--states=R", f"--qos={qos}", "--format=%A")
    return len(site.cluster.command(*rows).stdout.split())


def test_a_school_gets_its_part_for_all_of_its_lesson(site: SiteCluster, house: House) -> None:
    own, others = f"{OWNER}-own", f"{OTHER}-own"
    wait(lambda: has_seen_the_parts(house), lambda: "the agent has not seen the parts")
    long = house.launch(OTHER, 60)
    wait(
        lambda: held(site, others) == 2 and held(site, "borrow") == 6,
        lambda: f"{held(site, others)} run as their own and {held(site, 'borrow')} as borrowed",
    )
    short = house.launch(OWNER, 1)
    most = 0
    deadline = time.monotonic() + 120
    while (lesson := house.lesson(OWNER, short))["live"]:
        assert time.monotonic() < deadline, lesson["counts"]
        most = max(most, held(site, own))
        assert held(site, others) == 2, "nobody's own part makes way"
        time.sleep(0.2)
    assert {seat["state"] for seat in taking_part(lesson)} == {"succeeded"}
    assert len(taking_part(lesson)) == SEATS
    assert 1 <= most <= PARTS[OWNER]
    # Twice the part was sent as its own; what waited to borrow has followed, for all was full.
    returned = re.findall(r"[0-9a-f-]{36}", " ".join(house.said("returned to the part")))
    runs = {seat["run"] for seat in taking_part(lesson)}
    assert len(runs & set(returned)) >= 1

    # Who made way has kept the best model or says why not; nobody is lost or trains twice.
    house.teachers[OTHER].post(f"/lessons/{long}/finish")
    wait(
        lambda: not house.lesson(OTHER, long)["live"],
        lambda: str(house.lesson(OTHER, long)["counts"]),
    )
    ended = taking_part(house.lesson(OTHER, long))
    assert len(ended) == SEATS
    for seat in ended:
        why = (seat["reason"] or {}).get("code")
        assert seat["state"] == "succeeded" or why in ("preempted", "lesson-ended"), seat
    folders = house.site.folder / "data" / "runs"
    for seat in [*taking_part(lesson), *ended]:
        claims = list((folders / seat["run"][:2] / seat["run"]).glob("attempt-*/claim.json"))
        assert len(claims) == 1 or (seat["state"] != "succeeded" and not claims), seat


def has_seen_the_parts(house: House) -> bool:
    """Whether the agent knows that Slurm has the QOS of both schools."""
    store = Store(config.Database(url=house.site.database_url))
    with closing(store), store.reading(EVERYONE) as session:
        seen = session.get(ClusterView, "nodes")
        schools = seen.view["schools"] if seen is not None else {}
    return all(schools.get(account, {}).get("own") for account in PARTS)
