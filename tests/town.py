"""Two schools, their people and classes, on either database: what the tests of four rooms share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, select, text

from portal import config
from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.lessons.draft import LessonRequest
from portal.lessons.launch import launch
from portal.people.accounts import load_viewer
from portal.people.viewer import Role, Viewer
from portal.runs.launch import RunRequest, start_run
from portal.store import EVERYONE, Store
from portal.store.migrate import upgrade
from portal.store.tables import (
    Base,
    Content,
    DataSet,
    Lesson,
    Run,
    School,
    SchoolClass,
    Seat,
    User,
)

ROOT = Path(__file__).parents[1]
TEMPLATE = "tabular-classifier"
MANIFEST = {
    "version": 1,
    "kind": "table",
    "rows": 100,
    "columns": [
        {"name": "length", "type": "number", "missing": 0},
        {"name": "width", "type": "number", "missing": 0},
        {"name": "species", "type": "text", "missing": 0, "values": ["a", "b"]},
    ],
    "label": "species",
    "classes": [{"name": "a", "count": 50}, {"name": "b", "count": 50}],
    "bytes": 1000,
    "warnings": [],
}
PICTURES = {**MANIFEST, "kind": "pictures", "count": 100}


@dataclass
class Portal:
    """A `House` with its database."""

    settings: config.Settings
    store: Store
    catalog: Catalog
    accelerator: Accelerator


@dataclass
class Hamlet:
    """One school and what is in it."""

    school: School
    teacher: Viewer
    admin: Viewer
    class_id: str
    seats: list[Viewer] = field(default_factory=list)
    data_set_id: str = ""


@dataclass
class Town:
    """Two schools, the centre's staff and the centre's data."""

    portal: Portal
    staff: Viewer
    here: Hamlet
    there: Hamlet

    def lesson_request(self, **changes: Any) -> LessonRequest:
        values: dict[str, Any] = {
            "school_class": "7-2",
            "template": TEMPLATE,
            "data": "penguins",
            "share": 1,
            "parameters": {},
            "minutes": 40,
            "language": "zh",
        }
        return LessonRequest(**{**values, **changes})

    def run_request(self, **changes: Any) -> RunRequest:
        values: dict[str, Any] = {
            "template": TEMPLATE,
            "data": "penguins",
            "share": 1,
            "parameters": {},
            "language": "zh",
        }
        return RunRequest(**{**values, **changes})

    def launch(self, hamlet: Hamlet | None = None, **changes: Any) -> Lesson:
        """A lesson of a school's class, committed."""
        viewer = (hamlet or self.here).teacher
        with self.portal.store.begin(viewer.tenant) as session:
            return launch(session, self.portal, viewer, self.lesson_request(**changes), key=None)

    def start(self, viewer: Viewer, **changes: Any) -> Run:
        """A single run, committed."""
        with self.portal.store.begin(viewer.tenant) as session:
            return start_run(session, self.portal, viewer, self.run_request(**changes), key=None)

    def runs(self, **where: Any) -> list[Run]:
        """Runs as they are in the database, by seat or age."""
        with self.portal.store.reading(EVERYONE) as session:
            query = select(Run).filter_by(**where).outerjoin(Run.seat)
            return list(session.scalars(query.order_by(Seat.number, Run.created_at, Run.id)))

    def write(self, run: Run, name: str, content: str) -> None:
        """A file that a job would write."""
        root = self.portal.settings.data.root
        folder = root / "runs" / run.id[:2] / run.id / f"attempt-{run.attempt}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")

    def set(self, run: Run, **values: Any) -> None:
        """What the agent would have written of a run."""
        with self.portal.store.begin(EVERYONE) as session:
            found = session.get_one(Run, run.id)
            for name, value in values.items():
                setattr(found, name, value)

    def trains(self, run: Run, at: float, fraction: float, accuracy: list[float]) -> None:
        """A run that Slurm has started, with what its program has written so far."""
        self.set(run, state="running", started_at=at)
        progress = {
            "stage": "training",
            "step": 1,
            "steps": 10,
            "fraction": fraction,
            "metrics": {"accuracy": accuracy[-1]},
            "updated_at": at + 10,
        }
        self.write(run, "progress.json", json.dumps(progress))
        points = [{"step": i, "t": i / 2, "accuracy": a} for i, a in enumerate(accuracy)]
        self.write(run, "metrics.jsonl", "".join(json.dumps(p) + "\n" for p in points))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that went through the migrations, to be copied for each test."""
    file = tmp_path_factory.mktemp("migrated") / "kesuan.db"
    store = Store(config.Database(url=f"sqlite:///{file}"))
    upgrade(store)
    store.close()
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[config.Database]:
    """A PostgreSQL database of our own that went through the migrations."""
    name = "kesuan_town"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    database = config.Database(url=url)
    store = Store(database)
    upgrade(store)
    store.close()
    yield database
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> config.Database:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        file = tmp_path / "kesuan.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        return config.Database(url=f"sqlite:///{file}")
    found: config.Database = request.getfixturevalue("migrated_postgres")
    store = Store(found)
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with store.engine.begin() as connection:
        # The audit log refuses to be emptied by anybody else.
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        connection.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
    store.close()
    return found


@pytest.fixture
def store(database: config.Database) -> Iterator[Store]:
    opened = Store(database)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog([ROOT / "job_templates"])


@pytest.fixture
def portal(store: Store, catalog: Catalog, database: config.Database, tmp_path: Path) -> Portal:
    settings = config.Settings(
        portal=config.Portal(secret_key_file=tmp_path / "secret"),
        web=config.Web(),
        database=database,
        data=config.Data(root=tmp_path / "data"),
        slurm=config.Slurm(partition="class", backend="memory"),
        accelerator=config.Accelerator(),
        templates=config.Templates(folders=[ROOT / "job_templates"]),
        agent=config.Agent(),
        environments={},
    )
    return Portal(settings, store, catalog, Accelerator.from_settings(settings.accelerator))


@pytest.fixture
def town(portal: Portal) -> Town:
    """Two schools that are alike in every name but their own, so that a mix-up would show."""
    with portal.store.begin(EVERYONE) as session:
        for sha256, kind, manifest in (
            ("aa" * 32, "table", MANIFEST),
            ("bb" * 32, "pictures", PICTURES),
        ):
            session.add(Content(sha256=sha256, kind=kind, size=1, manifest=manifest))
        staff = User(login="staff", name="Staff", role=Role.STAFF)
        session.add(staff)
        session.flush()
        for slug, kind, sha256 in (
            ("penguins", "table", "aa" * 32),
            ("clothes", "pictures", "bb" * 32),
        ):
            session.add(DataSet(slug=slug, name_zh=slug, name_en=slug, kind=kind, sha256=sha256))
        hamlets = []
        for slug in ("hua", "nan"):
            school = School(slug=slug, name=slug, slurm_account=f"school_{slug}")
            session.add(school)
            session.flush()
            teacher = User(school_id=school.id, login=f"t-{slug}", name="T", role=Role.TEACHER)
            admin = User(school_id=school.id, login=f"a-{slug}", name="A", role=Role.SCHOOL_ADMIN)
            school_class = SchoolClass(school_id=school.id, slug="7-2", name="7(2)")
            school_class.seats = [
                Seat(
                    school_id=school.id,
                    number=number,
                    user=User(
                        school_id=school.id, login=f"{slug}-{number}", name="S", role=Role.SEAT
                    ),
                )
                for number in range(1, 5)
            ]
            own = DataSet(
                school_id=school.id,
                slug="own",
                name_zh="own",
                name_en="own",
                kind="table",
                sha256="aa" * 32,
            )
            session.add_all([teacher, admin, school_class, own])
            session.flush()
            hamlets.append((school, teacher, admin, school_class, own))
        made = [
            Hamlet(
                school,
                _viewer(session, teacher.id),
                _viewer(session, admin.id),
                school_class.id,
                [_viewer(session, seat.user_id) for seat in school_class.seats],
                own.id,
            )
            for school, teacher, admin, school_class, own in hamlets
        ]
        return Town(portal, _viewer(session, staff.id), *made)


def _viewer(session: Any, user_id: str) -> Viewer:
    viewer = load_viewer(session, user_id)
    if viewer is None:
        raise LookupError(user_id)
    return viewer
