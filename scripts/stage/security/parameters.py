"""Hostile parameters on their way to Slurm: the script and the options stay the same.

Each text is typed into every field of every template's form. Then the forms are believed to have
let it through: it is put into the database as a run's parameters and as the names of its data set,
class and pupil, and the agent's own code forms the batches, writes their folders and asks for
their submission, which is written down instead of sent. Last it is each word of a request.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from portal import catalog, config
from portal.accelerators import Accelerator
from portal.agent import lease
from portal.agent.dispatch import Dispatch
from portal.catalog import Catalog, Template
from portal.errors import Invalid
from portal.scheduler import ArrayRequest, Rejected
from portal.scheduler.commands import arguments
from portal.scheduler.memory import MemoryScheduler
from portal.scheduler.protocol import SubmittedArray
from portal.store import EVERYONE, Store
from portal.store.database import create_all
from portal.store.tables import Content, School, User
from stage.checkout import ROOT
from stage.security.outcome import Outcome, progress
from stage.security.planted import Ground, plant
from stage.security.words import hostile
from tests.web import classroom

AT_ONCE = 500
SCRIPT = ROOT / "job_templates" / "runtime" / "job.sh"
# What differs between any two honest batches: the name, and the folder that is named after it.
OWN = ("--job-name=", "--chdir=", "--array=")
WORDS = ("name", "account", "partition", "qos", "reservation", "gres", "output", "licenses")
TABLE: Mapping[str, Any] = {
    "kind": "table",
    "rows": 100,
    "columns": [
        {"name": "long", "type": "number", "missing": 0},
        {"name": "wide", "type": "number", "missing": 0},
        {"name": "kind", "type": "text", "missing": 0, "values": ["a", "b"]},
    ],
    "label": "kind",
    "classes": [{"name": "a", "count": 50}, {"name": "b", "count": 50}],
}
PICTURES: Mapping[str, Any] = {"kind": "pictures", "count": 100, "classes": TABLE["classes"]}


class Listener(MemoryScheduler):
    """Takes every submission and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[ArrayRequest] = []

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        self.asked.append(request)
        return SubmittedArray(request.name, len(self.asked))


@dataclass
class Field:
    """An agent whose Slurm only listens, and what its runs hang on."""

    settings: config.Settings
    store: Store
    slurm: Listener
    dispatch: Dispatch
    ground: Ground
    harmless: list[str] = field(default_factory=list)


def tried(tries: int) -> Outcome:
    """So many texts, each in every field, in a batch, and in a request."""
    outcome, tell = Outcome(), progress("parameters", tries)
    templates = list(Catalog([ROOT / "job_templates"]).all())
    with _field() as ground:
        _send(ground, [["1"]])
        ground.harmless = _options(ground.slurm.asked[0])
        texts = hostile(tries)
        while some := list(islice(texts, AT_ONCE)):
            for text in some:
                outcome.tries += 1
                _type(outcome, templates, text)
                _ask(outcome, ground.slurm.asked[0], text)
            _look(outcome, ground, _send(ground, [[text] for text in some]), some)
            tell(outcome.tries)
        outcome.seen["batches"] = len(ground.slurm.asked)
    return outcome


def _type(outcome: Outcome, templates: Sequence[Template], text: str) -> None:
    """The text in every field at once, in one field alone, and as a field of its own."""
    for template in templates:
        manifest = TABLE if template.data == "table" else PICTURES
        typed: dict[str, Any] = {one.name: text for one in template.fields}
        alone = template.fields[outcome.tries % len(template.fields)].name
        for given in (typed, {alone: text}, {text: text}):
            try:
                found = catalog.parameters(template, manifest, "teacher", given)
            except Invalid:
                outcome.count("refused by a form")
                continue
            outcome.count("taken by a form")
            if wrong := _untyped(template, found):
                outcome.fails(f"{template.name} took {text!r} as {wrong}")


def _untyped(template: Template, found: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are no number, no yes or no, no option and no column."""
    known = {column["name"] for column in TABLE["columns"]}
    for one in template.fields:
        known |= {option.value for option in one.options}
    values = {name: value if isinstance(value, list) else [value] for name, value in found.items()}
    return {
        name: each
        for name, each in values.items()
        if name not in {one.name for one in template.fields}
        or any(isinstance(value, str) and value not in known for value in each)
    }


def _ask(outcome: Outcome, honest: ArrayRequest, text: str) -> None:
    """The text as a word of a request: refused, or one argument that is an option's value."""
    for word in WORDS:
        try:
            asked: dict[str, Any] = {word: text}
            told = arguments.submission(replace(honest, **asked))
        except Rejected:
            outcome.count("refused as a word")
            continue
        outcome.count("taken as a word")
        option = "job-name" if word == "name" else word
        if f"--{option}={text}" not in told or not text.isascii() or not text.isprintable():
            outcome.fails(f"{word} took {text!r}: {told}")


def _send(ground: Field, groups: list[list[str]]) -> list[ArrayRequest]:
    """What the agent asks for runs of these texts."""
    before = len(ground.slurm.asked)
    with ground.store.begin(EVERYONE) as session:
        plant(session, ground.ground, groups)
    ground.dispatch.send_waiting()
    return ground.slurm.asked[before:]


def _look(
    outcome: Outcome, ground: Field, asked: Sequence[ArrayRequest], texts: Sequence[str]
) -> None:
    """Compare what was asked and written with the harmless run's; then clear it away."""
    if sum(request.tasks for request in asked) != len(texts):
        outcome.fails(f"{len(texts)} runs became {[request.tasks for request in asked]} tasks")
    for request in asked:
        if _options(request) != ground.harmless:
            outcome.fails(f"other options: {arguments.submission(request)}")
        if request.script.read_bytes() != SCRIPT.read_bytes():
            outcome.fails(f"another script: {request.script}")
        tasks = (request.workdir / "tasks.json").read_text()
        if not tasks.isascii() or any(len(t) > 8 and t in tasks for t in texts):
            outcome.fails(f"a text in the working folder: {tasks[:200]}")
        there = {path.name for path in request.workdir.iterdir()}
        if there != {"program", "tasks.json"}:
            outcome.fails(f"another file in the working folder: {there}")
    for name in ("runs", "batches"):
        shutil.rmtree(ground.settings.data.root / name)


def _options(request: ArrayRequest) -> list[str]:
    """Slurm's options without what is a batch's own, and without the script's place."""
    return [word for word in arguments.submission(request)[:-1] if not word.startswith(OWN)]


@contextmanager
def _field() -> Iterator[Field]:
    # In memory: a hundred thousand folders are made and removed again.
    with TemporaryDirectory(prefix="kesuan-parameters-", dir="/dev/shm") as folder:
        settings = classroom.settings(Path(folder))
        store, slurm = Store(settings.database), Listener()
        create_all(store.engine)
        program = catalog.publish(settings.templates.folders, settings.data.root)
        dispatch = Dispatch(
            settings,
            store,
            Catalog(settings.templates.folders),
            Accelerator.from_settings(settings.accelerator),
            slurm,
            lease.new_holder(),
            program,
        )
        try:
            yield Field(settings, store, slurm, dispatch, _ground(store))
        finally:
            store.close()


def _ground(store: Store) -> Ground:
    with store.begin(EVERYONE) as session:
        school = School(slug="hua", name="华小", slurm_account="hua")
        session.add_all([school, Content(sha256="ab" * 32, kind="table", size=1, manifest=TABLE)])
        session.flush()
        session.add(User(school_id=school.id, login="li", name="Li", role="teacher"))
        session.flush()
        owner = session.scalars(select(User)).one()
        return Ground(school.id, owner.id, "ab" * 32, "tabular-classifier")
