"""Whole lessons through the HTTP API on a real Slurm: to the end, stopped, retried, held back."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stage import school, services
from stage.checkout import ROOT
from stage.client import Refused

from tests.lesson.day import Day, taking_part

if TYPE_CHECKING:
    from tests.conftest import Cluster

pytestmark = pytest.mark.cluster


def test_a_few_seats_learn_a_table_and_both_words_say_so(day: Day) -> None:
    lesson = day.launch("tabular-classifier", "penguins", seats=[3, 17, 40], algorithm="CART")
    seen = day.ended(lesson["id"])
    seats = taking_part(seen)
    assert [seat["number"] for seat in seats] == [3, 17, 40]
    assert {seat["state"] for seat in seats} == {"succeeded"}
    assert all(seat["accuracy"] > 0.8 for seat in seats)
    found = day.records(seen)
    assert len(found) == 3
    assert all(record.completed and record.account == school.SLURM_ACCOUNT for record in found)
    assert len(day.batches(seen)) == 1


def test_what_was_used_agrees_with_accounting(day: Day, cluster: Cluster) -> None:
    def used() -> tuple[int, float]:
        items = day.teacher.get("/usage")["items"]
        return sum(item["runs"] for item in items), sum(item["share_hours"] for item in items)

    before = used()
    lesson = day.launch("counting", "penguins", seats=[1, 2, 3], seconds=3)
    seen = day.ended(lesson["id"])
    names = ",".join(sorted({record.name for record in day.records(seen)}))
    query = ("sacct", "--allocations", "--noheader", "--parsable2", "--format=ElapsedRaw,AllocTRES")
    rows = cluster.command(*query, "--starttime=now-1days", f"--name={names}").stdout.split()
    spent = [row.split("|") for row in rows]
    assert all("gres/shard=1" in tres for _, tres in spent)
    runs, share_hours = (after - then for after, then in zip(used(), before, strict=True))
    assert runs == len(spent) == 3
    assert share_hours * 3600 == pytest.approx(sum(int(seconds) for seconds, _ in spent))


def test_the_examples_do_what_they_say(day: Day, tmp_path: Path) -> None:
    """As a teacher's script: with a login, a password in a file, and the portal's address."""
    account = day.accounts[school.TEACHER]
    (tmp_path / "password").write_text(account.password)
    environment = {
        "PATH": f"{services.PYTHON_BIN}:{os.defpath}",
        "HOME": str(tmp_path),
        "KESUAN_SERVER": day.site.address,
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
    }

    def example(name: str, *more: str) -> str:
        command = [ROOT / "scripts" / "examples" / name, account.login, tmp_path / "password"]
        done = subprocess.run(
            [*command, *more], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    example("compare.sh", str(tmp_path / "home"))
    models = sorted((tmp_path / "home").glob("runs.csv:*/model.onnx"))
    assert [path.parent.name for path in models] == ["runs.csv:2", "runs.csv:3", "runs.csv:4"]
    told = example("compare.py")
    assert told.count("accuracy 0.9") == 3
    assert "best: k = " in told


def test_a_whole_class_is_taken_home(day: Day, tmp_path: Path) -> None:
    lesson = day.launch("counting", "penguins", seats=[1, 2])
    day.ended(lesson["id"])
    account = day.accounts[school.TEACHER]
    (tmp_path / "password").write_text(account.password)
    token = ("--server", day.site.address, "--token-file", str(tmp_path / "token"))
    kesuan = str(services.PYTHON_BIN / "kesuan")
    login = (kesuan, "login", account.login, *token, "--password-file", tmp_path / "password")
    home = (kesuan, "results", *token, "--class", school.CLASS, "--into", tmp_path / "home")
    for command in (login, home):
        subprocess.run(command, check=True, capture_output=True)
    found = sorted(path.parent.name for path in (tmp_path / "home").glob("*/model.onnx"))
    assert found == ["seat-01", "seat-02"]


def test_results_come_back_to_the_seat_that_made_them(day: Day) -> None:
    lesson = day.launch("counting", "penguins", seats=[1, 2])
    mine, other = taking_part(day.ended(lesson["id"]))
    seat = day.seat_portals()[0]
    names = {item["name"] for item in seat.get(f"/runs/{mine['run']}/artifacts")["items"]}
    assert {"model.onnx", "report.html", "labels.json"} <= names
    with pytest.raises(Refused) as refusal:
        seat.get(f"/runs/{other['run']}")
    assert refusal.value.status == 404


def test_the_same_key_launches_once(day: Day) -> None:
    body = {
        "class": school.CLASS,
        "template": "counting",
        "data": "penguins",
        "minutes": 40,
        "seats": [1, 2, 3],
        "parameters": {"seconds": 1},
    }
    key = str(uuid.uuid4())
    first = day.teacher.post("/lessons", body, key=key)
    second = day.teacher.post("/lessons", body, key=key)
    assert second["id"] == first["id"]
    assert len(day.records(day.ended(first["id"]))) == 3
    with pytest.raises(Refused) as refusal:
        day.teacher.post("/lessons", {**body, "seats": [1]}, key=key)
    assert refusal.value.status == 409


def test_one_seat_is_stopped_and_then_all(day: Day) -> None:
    lesson = day.launch("counting", "penguins", seats=range(1, 9), seconds=300)
    seen = day.until(lesson["id"], lambda now: now["counts"]["running"] == 8)
    alone = taking_part(seen)[4]
    day.teacher.post(f"/runs/{alone['run']}/cancel")
    seen = day.until(lesson["id"], lambda now: now["counts"]["cancelled"] == 1)
    stopped = [seat for seat in taking_part(seen) if seat["state"] == "cancelled"]
    assert [seat["number"] for seat in stopped] == [alone["number"]]
    assert stopped[0]["reason"]["code"] == "cancelled-by-teacher"
    assert seen["counts"]["running"] == 7
    day.teacher.post(f"/lessons/{lesson['id']}/cancel")
    seen = day.ended(lesson["id"])
    assert seen["counts"]["cancelled"] == 8
    assert {record.state for record in day.records(seen)} == {"CANCELLED"}


def test_the_bell_keeps_the_best_model(day: Day) -> None:
    lesson = day.launch("counting", "penguins", seats=[1, 2], seconds=300)
    day.until(lesson["id"], lambda now: now["counts"]["running"] == 2)
    day.until(lesson["id"], lambda now: all(s["fraction"] for s in taking_part(now)))
    day.teacher.post(f"/lessons/{lesson['id']}/finish")
    seen = day.ended(lesson["id"])
    assert seen["counts"]["succeeded"] == 2
    assert all(record.completed for record in day.records(seen))


def test_only_the_failed_are_tried_again(day: Day) -> None:
    lesson = day.launch("counting", "penguins", seats=[1, 2, 3, 4], stumble=True)
    seen = day.ended(lesson["id"])
    assert seen["counts"]["failed"] == 4
    assert {seat["reason"]["code"] for seat in taking_part(seen)} == {"program-error"}
    day.teacher.post(f"/runs/{taking_part(seen)[0]['run']}/retry")
    day.until(lesson["id"], lambda now: now["counts"]["succeeded"] == 1)
    day.teacher.post(f"/lessons/{lesson['id']}/retry")
    seen = day.ended(lesson["id"])
    assert seen["counts"]["succeeded"] == 4
    assert {seat["attempt"] for seat in taking_part(seen)} == {2}
    assert all(len(jobs) == 2 for jobs in day.claims(seen).values())
    assert (
        sorted(record.state for record in day.records(seen)) == ["COMPLETED"] * 4 + ["FAILED"] * 4
    )


def test_a_school_at_its_limit_waits_and_is_told_why(day: Day, cluster: Cluster) -> None:
    cluster.account(school.SLURM_ACCOUNT, 2)
    lesson = day.launch("counting", "penguins", seats=[1, 2, 3, 4, 5], seconds=4)
    seen = day.until(
        lesson["id"],
        lambda now: now["counts"]["running"] == 2 and now["waiting_because"] is not None,
    )
    waiting = [seat for seat in taking_part(seen) if seat["state"] == "submitted"]
    assert len(waiting) == 3
    assert {seat["reason"]["code"] for seat in waiting} == {"waiting-for-school-share"}
    words = day.teacher.get(f"/runs/{waiting[0]['run']}")["slurm_words"]
    assert "AssocGrpGRES" in words
    assert day.ended(lesson["id"])["counts"]["succeeded"] == 5
