"""A portal with a class in the middle of a lesson: what the tests of the pages look at."""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import select

from portal import config
from portal.app import create_app
from portal.datasets import packaged, reception
from portal.lessons.draft import LessonRequest
from portal.lessons.launch import launch
from portal.people import accounts
from portal.people.classes import add_class
from portal.people.schools import add_school
from portal.people.viewer import Role, Viewer
from portal.services import EXTENSION, Services
from portal.store import EVERYONE
from portal.store.database import create_all
from portal.store.tables import ClusterView, DataSet, Lease, Run, School, SchoolClass

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse"
SHAPES = ("circle", "square", "triangle")
STATES = (
    ["succeeded"] * 24
    + ["running"] * 7
    + ["finishing"]
    + ["submitted"] * 3
    + ["waiting"]
    + ["failed", "failed", "lost", "cancelled"]
)
REASONS = {
    "failed": "gpu-memory",
    "lost": "result-missing",
    "cancelled": "cancelled-by-pupil",
    "submitted": "waiting-for-school-share",
}


@dataclass
class Classroom:
    """The application, and the ids of what is in it."""

    app: Flask
    house: Services
    lesson_id: str = ""
    class_id: str = ""
    pictures_id: str = ""
    table_id: str = ""
    runs: dict[str, list[str]] = field(default_factory=dict)
    browsers: dict[tuple[str, str], FlaskClient] = field(default_factory=dict)

    def browser(self, login: str, language: str = "en") -> FlaskClient:
        """A browser that stays logged in for all tests: a login costs a password's hash."""
        if (login, language) not in self.browsers:
            self.browsers[login, language] = self.client(login, language)
        return self.browsers[login, language]

    def client(self, login: str | None = None, language: str = "en") -> FlaskClient:
        """A browser, logged in or not."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if login is not None:
            answer = client.post(
                "/login",
                data={"login": login, "password": PASSWORD, "csrf_token": token(client, "/login")},
            )
            assert answer.status_code == 302, answer.text
        return client


def token(client: FlaskClient, page: str) -> str:
    """The CSRF token that a page's form carries."""
    text = client.get(page).text
    return text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def build(folder: Path, *, seats: int = 40, real: bool = False, port: int = 8080) -> Classroom:
    """Make a portal below `folder`; `real` takes the packaged data sets instead of drawn ones."""
    told = settings(folder, port)
    app = create_app(told)
    house: Services = app.extensions[EXTENSION]
    create_all(house.store.engine)
    made = Classroom(app, house)
    with house.store.begin(EVERYONE) as session:
        staff = accounts.add(
            session,
            login="staff",
            name="运维老师",
            role=Role.STAFF,
            school_id=None,
            password=PASSWORD,
        )
        staff_viewer = accounts.load_viewer(session, staff.id)
        school = add_school(session, slug="hua", name="华附小学", slurm_account="hua")
        add_school(session, slug="nan", name="南湖中学", slurm_account="nan")
        teacher = accounts.add(
            session,
            login="li",
            name="李老师",
            role=Role.TEACHER,
            school_id=school.id,
            password=PASSWORD,
        )
        accounts.add(
            session,
            login="chen",
            name="陈主任",
            role=Role.SCHOOL_ADMIN,
            school_id=school.id,
            password=PASSWORD,
        )
        school_class, credentials = add_class(
            session, school, slug="7-2", name="七年级 2 班", seats=seats
        )
        add_class(session, school, slug="7-3", name="七年级 3 班", seats=36)
        for seat in school_class.seats[:2]:
            accounts.set_password(session, seat.user, PASSWORD)
        viewer = accounts.load_viewer(session, teacher.id)
        made.class_id = school_class.id
    assert viewer is not None
    assert staff_viewer is not None
    assert credentials
    made.pictures_id, made.table_id = _data(house, staff_viewer, real=real)
    request = LessonRequest(
        school_class="7-2",
        template="image-classifier",
        data=made.pictures_id,
        share=1,
        parameters={"epochs": 5},
        minutes=40,
        language="zh",
    )
    with house.store.begin(viewer.tenant) as session:
        made.lesson_id = launch(session, house, viewer, request, key=None).id
    _live_through(made)
    _cluster(house)
    return made


def settings(folder: Path, port: int = 8080) -> config.Settings:
    """Settings of a portal below `folder` with a database of its own."""
    (folder / "secret").write_bytes(b"x" * 32)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "kesuan.toml").write_text(
        f"""
        portal.secret_key_file = "secret"
        web.bind = "127.0.0.1:{port}"
        web.secure_cookies = false
        web.snapshot_seconds = 0.5
        database.url = "sqlite:///{folder}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "venv", path = "{ROOT}/var/environments/xedu" }}
        """,
        encoding="utf-8",
    )
    return config.load(folder / "kesuan.toml")


def _data(house: Services, staff: Viewer, *, real: bool) -> tuple[str, str]:
    if real:
        with house.store.begin(EVERYONE) as session:
            pictures = packaged.import_packaged(session, house.settings, "fashion-mnist-1000")
        return pictures.id, _take(house, staff, penguins(), "Penguins", "企鹅")
    return _take(house, staff, drawn(), "Shapes", "图形"), _take(
        house, staff, penguins(), "Penguins", "企鹅"
    )


def _take(house: Services, staff: Viewer, content: bytes, name_en: str, name_zh: str) -> str:
    taken = reception.take_in(house.settings, io.BytesIO(content))
    with house.store.begin(EVERYONE) as session:
        return reception.shelve(session, staff, taken, name_zh, name_en=name_en).id


def drawn(each: int = 12) -> bytes:
    """A zip of small drawings in three classes."""
    packed = io.BytesIO()
    chance = random.Random(7)
    with zipfile.ZipFile(packed, "w") as archive:
        for shape in SHAPES:
            for number in range(each):
                archive.writestr(f"{shape}/{number}.png", _drawing(shape, chance))
    return packed.getvalue()


def _drawing(shape: str, chance: random.Random) -> bytes:
    picture = Image.new("RGB", (28, 28), "white")
    pen = ImageDraw.Draw(picture)
    x, y, size = chance.randint(2, 8), chance.randint(2, 8), chance.randint(12, 18)
    ink = tuple(chance.randint(0, 180) for _ in range(3))
    if shape == "circle":
        pen.ellipse((x, y, x + size, y + size), fill=ink)
    elif shape == "square":
        pen.rectangle((x, y, x + size, y + size), fill=ink)
    else:
        pen.polygon(((x, y + size), (x + size, y + size), (x + size // 2, y)), fill=ink)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def penguins(rows: int = 90) -> bytes:
    """A table in the shape of the penguins', made up."""
    chance = random.Random(3)
    lines = ["bill_mm,flipper_mm,mass_g,island,species"]
    for n in range(rows):
        kind = n % 3
        lines.append(
            f"{38 + 5 * kind + chance.random() * 4:.1f},{188 + 12 * kind + chance.randint(-6, 6)},"
            f"{3700 + 600 * kind + chance.randint(-300, 300)},"
            f"{('Torgersen', 'Biscoe', 'Dream')[chance.randint(0, 2)]},"
            f"{('Adelie', 'Chinstrap', 'Gentoo')[kind]}"
        )
    return "\n".join(lines).encode()


def _live_through(made: Classroom) -> None:
    """Put the forty runs into mixed states, with the folders that their jobs would have left."""
    now, root = time.time(), made.house.settings.data.root
    chance = random.Random(1)
    with made.house.store.begin(EVERYONE) as session:
        runs = session.scalars(select(Run).where(Run.lesson_id == made.lesson_id)).all()
        school = session.scalar(select(School).where(School.slug == "hua"))
        assert school is not None
        labels = [c["name"] for c in runs[0].data_set.content.manifest["classes"]]
        for run in sorted(runs, key=lambda each: each.seat.number if each.seat else 0):
            number = run.seat.number if run.seat else 0
            state = STATES[(number * 7 + 3) % len(STATES)]
            run.state, run.reason = state, REASONS.get(state)
            run.created_at = now - 95
            made.runs.setdefault(state, []).append(run.id)
            if state in ("waiting", "submitted"):
                continue
            run.submitted_at, run.started_at = now - 94, now - 90 + chance.random() * 20
            best = 0.72 + chance.random() * 0.2
            fraction = 1.0 if state == "succeeded" else 0.15 + chance.random() * 0.75
            _write(root, run, fraction, best, labels, now)
            if state in ("succeeded", "failed", "lost", "cancelled"):
                run.ended_at = now - chance.random() * 30
            if state == "succeeded":
                run.metrics = {"accuracy": round(best, 4)}
                run.timing = {"setup_seconds": 3.1, "train_seconds": 21.5, "steps": 4000}
        session.get_one(SchoolClass, made.class_id)


def _write(
    root: Path, run: Run, fraction: float, best: float, labels: list[str], now: float
) -> None:
    folder = root / "runs" / run.id[:2] / run.id / "attempt-1"
    (folder / "artifacts" / "predictions").mkdir(parents=True)
    chance = random.Random(run.seed)
    points = []
    for step in range(1, int(40 * fraction) + 1):
        learnt = 1 - math.exp(-step / 9)
        points.append(
            {
                "step": step * 100,
                "epoch": step / 8,
                "t": step * 0.5,
                "train_loss": round(2.2 * (1 - learnt) + 0.25 + chance.random() * 0.1, 4),
                "train_accuracy": round(min(0.99, best * learnt + 0.04), 4),
                "accuracy": round(max(0.1, best * learnt + chance.gauss(0, 0.012)), 4),
            }
        )
    _text(folder / "metrics.jsonl", "".join(json.dumps(p) + "\n" for p in points))
    _text(
        folder / "progress.json",
        json.dumps(
            {
                "stage": "training",
                "step": int(4000 * fraction),
                "steps": 4000,
                "fraction": fraction,
                "epoch": 5 * fraction,
                "epochs": 5,
                "metrics": {"accuracy": points[-1]["accuracy"]},
                "updated_at": now,
            }
        ),
    )
    _text(folder / "log.txt", "Loading 1000 pictures\nEpoch 1 of 5: accuracy 0.61\n")
    if run.state != "succeeded":
        return
    classes = range(len(labels))
    matrix = [
        [
            chance.randint(36, 48) if i == j else max(0, chance.randint(-9, 6))
            for j in range(len(labels))
        ]
        for i in classes
    ]
    items: list[dict[str, Any]] = []
    for n in range(24):
        truth = labels[n % len(labels)]
        guess = truth if n % 5 else labels[(n + 1) % len(labels)]
        name = f"predictions/{n:03}.png"
        (folder / "artifacts" / name).write_bytes(_drawing(SHAPES[n % 3], chance))
        items.append(
            {
                "picture": name,
                "truth": truth,
                "guess": guess,
                "confidence": 0.5 + chance.random() / 2,
            }
        )
    contents = {
        "confusion.json": json.dumps({"labels": labels, "matrix": matrix}),
        "predictions.json": json.dumps({"items": items}),
        "labels.json": json.dumps(labels),
        "model.onnx": "not a real model " * 6000,
        "report.html": "<!doctype html><title>Report</title><p>A page.</p>",
    }
    for name, content in contents.items():
        _text(folder / "artifacts" / name, content)
    listed = []
    for path in sorted((folder / "artifacts").rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder / "artifacts"))
            listed.append(
                {
                    "name": name,
                    "kind": "picture" if "/" in name else _kind(name),
                    "bytes": path.stat().st_size,
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
            )
    _text(
        folder / "status.json",
        json.dumps(
            {
                "version": 1,
                "run": run.id,
                "attempt": 1,
                "job": "12_3",
                "verdict": "succeeded",
                "reason": None,
                "finished_early": False,
                "exit_code": 0,
                "metrics": {"accuracy": best},
                "started_at": now - 60,
                "ended_at": now - 5,
                "setup_seconds": 3.1,
                "train_seconds": 21.5,
                "steps": 4000,
                "detail": None,
                "artifacts": listed,
            }
        ),
    )


def _kind(name: str) -> str:
    return {"model.onnx": "model", "report.html": "report"}.get(name, name.split(".")[0])


def _text(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def _cluster(house: Services) -> None:
    """What the agent would have seen of four nodes."""
    nodes = []
    for n in range(4):
        used = [{"school": "hua", "eighths": 6}, {"school": "nan", "eighths": 2}] if n == 0 else []
        second = [{"school": "hua", "eighths": 2}] if n == 0 else []
        nodes.append(
            {
                "name": f"g{n + 1}",
                "state": "MIXED" if n == 0 else "IDLE" if n < 3 else "DOWN*",
                "usable": n < 3,
                "reason": "" if n < 3 else "Not responding",
                "gpus": [
                    {"index": 0, "type": "a100", "eighths": 8, "used": used},
                    {"index": 1, "type": "a100", "eighths": 8, "used": second},
                ],
                "cpus": 64,
                "cpus_used": 10 if n == 0 else 0,
                "memory_mb": 128000,
                "memory_used_mb": 20000 if n == 0 else 0,
            }
        )
    view = {
        "version": "22.05.8",
        "cluster": "kesuan",
        "nodes": nodes,
        "waiting": [{"reason": "AssocGrpGRES", "runs": 4}],
        "capacity_eighths": 64,
        "used_eighths": 10,
        "schools": {"hua": {"limit_eighths": 16, "used_eighths": 16}},
    }
    now = time.time()
    with house.store.begin(EVERYONE) as session:
        session.add(ClusterView(name="nodes", seen_at=now - 12, view=view))
        session.add(Lease(name="agent", holder="here", until=now + 3600, slurm_answered_at=now))


def data_set_named(house: Services, name: str) -> DataSet | None:
    """A data set by its English name."""
    with house.store.reading(EVERYONE) as session:
        return session.scalar(select(DataSet).where(DataSet.name_en == name))
