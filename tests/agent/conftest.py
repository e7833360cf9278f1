"""A small world for the agent: a school with a class, a real catalogue, Slurm in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import config
from portal.accelerators import Accelerator
from portal.agent import lease
from portal.agent.dispatch import Dispatch
from portal.agent.returns import Returns
from portal.agent.watch import Watch
from portal.agent.wishes import Wishes
from portal.catalog import Catalog
from portal.runs.states import RunState
from portal.scheduler import AccountWish, Limit, QosWish
from portal.scheduler.memory import MemoryScheduler, Play
from portal.store import EVERYONE, Store
from portal.store.database import create_all
from portal.store.tables import Batch, ClusterView, Content, DataSet, Run, School, User

ROOT = Path(__file__).parents[2]
GUARANTEED = 4


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def surely(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class World:
    """Everything that one agent works with."""

    settings: config.Settings
    store: Store
    scheduler: MemoryScheduler
    clock: Clock
    school_id: str = ""
    owner_id: str = ""
    data_set_id: str = ""
    play: Play = field(default_factory=Play)
    catalog: Catalog = field(default_factory=lambda: Catalog([ROOT / "job_templates"]))

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A fresh agent over the same database, as after `kill -9`."""
        self.dispatch = Dispatch(
            self.settings,
            self.store,
            self.catalog,
            Accelerator.from_settings(self.settings.accelerator),
            self.scheduler,
            lease.new_holder(),
            "0123456789ab",
            self.clock,
        )
        self.watch = Watch(self.settings, self.store, self.scheduler, self.dispatch, self.clock)
        self.returns = Returns(self.settings.slurm, self.store, self.scheduler, self.clock)
        self.wishes = Wishes(self.store, self.scheduler)
        # The old agent is dead; its lease runs out.
        self.clock.advance(self.settings.agent.lease_s + 1)

    def runs(self) -> list[Run]:
        with self.store.reading(EVERYONE) as session:
            return list(session.scalars(select(Run).order_by(Run.created_at, Run.id)))

    def run(self, run_id: str) -> Run:
        with self.store.reading(EVERYONE) as session:
            return session.get_one(Run, run_id)

    def batches(self) -> list[Batch]:
        with self.store.reading(EVERYONE) as session:
            return list(session.scalars(select(Batch)))

    def states(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for run in self.runs():
            found[run.state] = found.get(run.state, 0) + 1
        return found

    def add_runs(self, count: int, **changes: object) -> list[str]:
        """Runs as web commits them: waiting, in no batch."""
        ids = []
        with self.store.begin(EVERYONE) as session:
            for number in range(count):
                values: dict[str, object] = {
                    "school_id": self.school_id,
                    "owner_id": self.owner_id,
                    "data_set_id": self.data_set_id,
                    "template": "tabular-classifier",
                    "template_version": "1",
                    "parameters": {},
                    "language": "zh",
                    "seed": number,
                    "eighths": 1,
                    "minutes": 10,
                    "state": RunState.WAITING.value,
                    "created_at": self.clock() + number / 1000,
                }
                run = Run(**{**values, **changes})
                session.add(run)
                session.flush()
                ids.append(run.id)
        return ids

    def job_says(self, run: Run, verdict: str = "succeeded", **changes: object) -> None:
        """What the job itself would write at its end."""
        folder = self.settings.data.root / f"runs/{run.id[:2]}/{run.id}/attempt-{run.attempt}"
        folder.mkdir(parents=True, exist_ok=True)
        word = {
            "version": 1,
            "run": run.id,
            "attempt": run.attempt,
            "job": "1_0",
            "verdict": verdict,
            "reason": None,
            "finished_early": False,
            "exit_code": 0,
            "metrics": {"accuracy": 0.9},
            "started_at": self.clock() - 5,
            "ended_at": self.clock(),
            "setup_seconds": 1.0,
            "train_seconds": 3.0,
            "steps": 100,
            "detail": "",
            "artifacts": [],
        }
        (folder / "status.json").write_text(json.dumps({**word, **changes}), encoding="utf-8")

    def job_claims(self, run: Run) -> None:
        """What a job does first on its node."""
        folder = self.settings.data.root / f"runs/{run.id[:2]}/{run.id}/attempt-{run.attempt}"
        folder.mkdir(parents=True, exist_ok=True)
        claim = {"job_id": "1_0", "host": "g1", "started_at": self.clock()}
        (folder / "claim.json").write_text(json.dumps(claim), encoding="utf-8")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "secret").write_bytes(b"x" * 32)
    (tmp_path / "kesuan.toml").write_text(
        f"""
        portal.secret_key_file = "secret"
        database.url = "sqlite:///{tmp_path}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        slurm.settle_s = 20
        slurm.array_size = 50
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        """,
        encoding="utf-8",
    )
    settings = config.load(tmp_path / "kesuan.toml")
    store, clock = Store(settings.database), Clock()
    create_all(store.engine)
    # What jobs do is the world's to say, also while they wait.
    scheduler = MemoryScheduler(clock=clock, program=lambda _request, _task: made.play)
    made = World(settings, store, scheduler, clock)
    with store.begin(EVERYONE) as session:
        school = School(slug="hua", name="华小", slurm_account="hua")
        session.add(school)
        session.flush()
        owner = User(school_id=school.id, login="t", name="T", role="teacher")
        content = Content(sha256="ab" * 32, kind="table", size=1, manifest={})
        data_set = DataSet(
            slug="iris", name_zh="鸢尾花", name_en="Iris", kind="table", sha256="ab" * 32
        )
        session.add_all([owner, content])
        session.flush()
        session.add(data_set)
        session.flush()
        made.school_id, made.owner_id, made.data_set_id = school.id, owner.id, data_set.id
    yield made
    store.close()


@pytest.fixture
def house(world: World) -> World:
    """A school with a guaranteed part of which Slurm, in memory, has been told."""
    slurm = replace(world.settings.slurm, qos="class", homework_qos="homework", borrow_qos="normal")
    world.settings = replace(world.settings, slurm=slurm)
    shards = {Limit("GrpTRES", "gres/shard"): GUARANTEED}
    world.scheduler.apply_qos(QosWish("hua-own", 200, ("homework", "normal"), shards))
    world.scheduler.apply_account(AccountWish("hua", qos=("class", "normal", "hua-own")))
    with world.store.begin(EVERYONE) as session:
        session.get_one(School, world.school_id).guaranteed = GUARANTEED
        session.add(
            ClusterView(name="nodes", seen_at=0.0, view={"schools": {"hua": {"own": True}}})
        )
    world.restart()
    return world
