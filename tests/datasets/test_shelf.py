from __future__ import annotations

import io
import os
from dataclasses import dataclass

import pytest

from portal.datasets import reception, shelf
from portal.datasets.housekeeping import GRACE_SECONDS, sweep
from portal.errors import Conflict, NotAllowed, NotFound
from portal.store import EVERYONE, Tenant
from portal.store.tables import Content, DataSet, Run, School, User
from tests.datasets.corpus import table


@dataclass(frozen=True)
class Person:
    user_id: str
    school_id: str | None
    role: str

    @property
    def tenant(self) -> Tenant:
        return EVERYONE if self.role == "staff" else Tenant(self.school_id)


@pytest.fixture
def people(store) -> dict[str, Person]:
    """Two schools with a teacher each, an admin of the first, and staff."""
    with store.begin(EVERYONE) as session:
        schools = [School(slug=f"s{n}", name=f"S{n}", slurm_account=f"s{n}") for n in (1, 2)]
        session.add_all(schools)
        session.flush()
        made = {}
        for login, school, role in (
            ("wang", schools[0], "teacher"),
            ("zhao", schools[0], "teacher"),
            ("head", schools[0], "school_admin"),
            ("li", schools[1], "teacher"),
            ("root", None, "staff"),
        ):
            user = User(login=login, name=login, role=role, school_id=school and school.id)
            session.add(user)
            session.flush()
            made[login] = Person(user.id, user.school_id, role)
    return made


@pytest.fixture
def shelve(house, store):
    def put(person: Person, name: str, rows: int = 30) -> DataSet:
        taken = reception.take_in(house, io.BytesIO(table(rows).encode()))
        with store.begin(person.tenant) as session:
            return reception.shelve(session, person, taken, name)

    return put


def test_a_school_sees_its_own_and_the_centre_s(store, people, shelve):
    shelve(people["wang"], "Cats of wang")
    shelve(people["li"], "Cats of li")
    shelve(people["root"], "Cats of the centre")

    def seen(who: str, **what: str) -> list[str]:
        with store.reading(people[who].tenant) as session:
            return [d.name_zh for d in shelf.find(session, people[who], **what)]

    assert seen("wang") == ["Cats of wang", "Cats of the centre"]
    assert seen("zhao") == ["Cats of wang", "Cats of the centre"]
    assert seen("li") == ["Cats of li", "Cats of the centre"]
    assert sorted(seen("root")) == ["Cats of li", "Cats of the centre", "Cats of wang"]
    assert seen("wang", query="OF WANG") == ["Cats of wang"]
    assert seen("wang", query="%") == []
    assert seen("wang", kind="pictures") == []


def test_by_id_slug_or_name_and_never_another_school_s(store, people, shelve):
    made = shelve(people["li"], "Dogs")
    shelve(people["root"], "Dogs")
    with store.reading(people["li"].tenant) as session:
        for name in (made.id, "dogs", "Dogs"):
            assert shelf.get(session, people["li"], name).id == made.id
    with store.reading(people["wang"].tenant) as session:
        assert shelf.get(session, people["wang"], "dogs").school_id is None
        with pytest.raises(NotFound) as refused:
            shelf.get(session, people["wang"], made.id)
    assert made.id in str(refused.value)


def test_who_may_remove(store, people, shelve):
    made = shelve(people["wang"], "Cats")
    centres = shelve(people["root"], "Stars")
    may = {name: shelf.may_remove(person, made) for name, person in people.items()}
    assert may == {"wang": True, "zhao": False, "head": True, "li": False, "root": True}
    may = {name: shelf.may_remove(person, centres) for name, person in people.items()}
    assert may == {"wang": False, "zhao": False, "head": False, "li": False, "root": True}
    with store.begin(people["zhao"].tenant) as session:
        found = shelf.get(session, people["zhao"], "cats")
        with pytest.raises(NotAllowed):
            shelf.remove(session, people["zhao"], found)


def test_what_is_in_use_stays(store, people, shelve):
    made = shelve(people["wang"], "Cats")
    run = {"template_version": "1", "parameters": {}, "language": "zh", "seed": 1, "eighths": 1}
    with store.begin(people["wang"].tenant) as session:
        session.add(
            Run(
                school_id=people["wang"].school_id,
                owner_id=people["wang"].user_id,
                template="tabular-classifier",
                data_set_id=made.id,
                minutes=5,
                state="waiting",
                **run,
            )
        )
        session.flush()
        found = shelf.get(session, people["wang"], "cats")
        with pytest.raises(Conflict) as refused:
            shelf.remove(session, people["wang"], found)
    assert str(refused.value) == ("This data set stays, for it is in use (runs: 1, lessons: 0).")


def test_a_content_goes_when_nobody_uses_it(house, store, people, shelve, contents):
    shelve(people["wang"], "Cats")
    shelve(people["li"], "Also cats")
    kept = shelve(people["li"], "Dogs", rows=40)
    abandoned = contents.new_folder()
    later = abandoned.stat().st_mtime + GRACE_SECONDS + 60

    def swept(now: float) -> tuple[int, int]:
        with store.begin(EVERYONE) as session:
            done = sweep(session, house, now)
            return done.contents, done.uploads

    def remove(who: str, name: str) -> None:
        with store.begin(people[who].tenant) as session:
            shelf.remove(session, people[who], shelf.get(session, people[who], name))

    remove("wang", "cats")
    assert swept(later) == (0, 1), "the other school still uses the same content"
    remove("li", "also-cats")
    assert swept(later - 2 * GRACE_SECONDS) == (0, 0), "an upload may be about to use it"
    assert swept(later) == (1, 0)
    assert [sha256 for sha256, _ in contents.all()] == [kept.sha256]
    with store.reading(EVERYONE) as session:
        assert [c.sha256 for c in session.query(Content)] == [kept.sha256]
    assert swept(later) == (0, 0)


def test_taking_the_same_file_again_keeps_it_from_the_sweep(house, store, people, shelve, contents):
    made = shelve(people["wang"], "Cats")
    with store.begin(people["wang"].tenant) as session:
        shelf.remove(session, people["wang"], shelf.get(session, people["wang"], "cats"))
    folder = contents.folder(made.sha256)
    os.utime(folder, (1e9, 1e9))
    reception.take_in(house, io.BytesIO(table().encode()))
    with store.begin(EVERYONE) as session:
        assert sweep(session, house).contents == 0
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("鸟类 照片!", "鸟类-照片"),
        ("  A/B\\C ", "a-b-c"),
        ("***", "data-set"),
        ("x" * 90, "x" * 60),
    ],
)
def test_slugs(name, slug):
    assert shelf.slug_of(name) == slug
