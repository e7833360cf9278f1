from __future__ import annotations

import io
import logging
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest

from portal.datasets import checking, reception
from portal.datasets.limits import MIB, Limits
from portal.errors import Invalid, NotAllowed, TooLarge, Unavailable
from portal.store import EVERYONE, Tenant
from portal.store.tables import Content, School, User
from tests.datasets.corpus import album, huge_png, packed, table


@dataclass(frozen=True)
class Person:
    user_id: str
    school_id: str | None
    role: str


class Endless:
    """A stream that would go on for ever, and remembers how much was taken from it."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        assert size > 0
        self.taken += len(self.piece)
        return self.piece


@pytest.fixture
def teacher(store):
    with store.begin(EVERYONE) as session:
        school = School(slug="no-7", name="No. 7", slurm_account="no7")
        user = User(login="wang", name="Wang", role="teacher", school=school)
        session.add_all([school, user])
    return Person(user.id, school.id, "teacher")


def test_a_file_is_received_and_named(house, store, teacher, contents):
    with store.begin(Tenant(teacher.school_id)) as session:
        made = reception.receive(
            session, teacher, house, io.BytesIO(table().encode()), "C:\\data\\猫和狗.csv", " "
        )
    assert (made.name_zh, made.name_en, made.slug) == ("猫和狗", "猫和狗", "猫和狗")
    assert (made.kind, made.school_id, made.owner_id) == (
        "table",
        teacher.school_id,
        teacher.user_id,
    )
    assert contents.manifest(made.sha256).rows == 30


def test_the_same_file_is_stored_once(house, store, teacher, reception, contents, monkeypatch):
    first = reception.take(table())
    monkeypatch.setattr(checking, "check", lambda *_: pytest.fail("checked again"))
    second = reception.take(table())
    assert first == second
    assert [name for name, _ in contents.all()] == [first.sha256]


def test_the_name_is_the_hash_of_what_was_sent(reception):
    assert reception.take(table()).sha256 == sha256(table().encode()).hexdigest()


def test_two_labels_are_two_contents_and_the_last_column_is_the_usual_one(reception, contents):
    usual = reception.take(table())
    assert reception.take(table(), label="kind") == usual
    other = reception.take(table(), label="colour")
    assert other.sha256 != usual.sha256
    assert reception.take(table(), label="colour") == other
    assert len(list(contents.all())) == 2


def test_the_usual_label_said_first(reception, contents):
    said = reception.take(table(), label="kind")
    assert reception.take(table()) == said
    assert len(list(contents.all())) == 1


def test_three_gigabytes_are_cut_off_at_the_limit(house, contents):
    stream = Endless(b"PK\x03\x04" + bytes(MIB))
    with pytest.raises(TooLarge) as refused:
        reception.take_in(house, stream)
    assert refused.value.field == "file"
    assert str(refused.value) == (
        "The file is larger than 8 MiB, which is the most that can be uploaded."
    )
    assert stream.taken < 10 * MIB
    assert list(contents.abandoned(2e12)) == []


def test_a_length_over_the_limit_is_refused_before_reading(house):
    stream = Endless(b"x")
    with pytest.raises(TooLarge):
        reception.take_in(house, stream, length=3 << 30)
    assert stream.taken == 0


def test_ten_million_rows_are_refused_early(house):
    stream = Endless(b"1,red,cat\n" * 1_000)
    with pytest.raises(TooLarge) as refused:
        reception.take_in(house, stream)
    assert str(refused.value) == "The table has more than 1000 rows. Take a part of it."
    assert stream.taken < 100_000


def test_an_upload_that_broke_off(house):
    with pytest.raises(Invalid) as refused:
        reception.take_in(house, io.BytesIO(table().encode()), length=10_000)
    assert [str(m) for m in refused.value.errors["file"]] == [
        "The upload broke off. Please upload the file again."
    ]


def test_a_connection_that_breaks_leaves_nothing(house, contents):
    class Broken:
        def read(self, size: int, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        reception.take_in(house, Broken())
    assert list(contents.abandoned(2e12)) == []


def test_a_file_that_takes_for_ever_ends_with_its_worker(tmp_path, monkeypatch, caplog):
    """Pictures just under the pixel limit, many times over; seconds of CPU are counted."""
    bomb = huge_png(6_300)
    slow = {f"{c}/{n}.png": bomb + bytes(n) for c in ("cat", "dog") for n in range(150)}
    (tmp_path / "upload").write_bytes(packed(slow))
    (tmp_path / "out").mkdir()
    order = checking.Order(tmp_path / "upload", replace(Limits(), seconds=1), None, {})
    monkeypatch.setattr(checking, "PATIENCE", 600)
    with caplog.at_level(logging.WARNING), pytest.raises(Invalid) as refused:
        checking.check(order, tmp_path / "out", tmp_path)
    assert str(refused.value.errors["file"][0]).startswith("This file could not be checked")
    assert "the worker ended with -9" in caplog.text


def test_a_worker_that_hangs_is_ended(tmp_path, monkeypatch):
    (tmp_path / "upload").write_bytes(table().encode())
    order = checking.Order(tmp_path / "upload", Limits(), None, {})
    monkeypatch.setattr(checking, "PATIENCE", 0)
    with pytest.raises(Invalid) as refused:
        checking.check(order, tmp_path, tmp_path)
    assert str(refused.value.errors["file"][0]).startswith("This file could not be checked")


def test_a_worker_that_says_nothing_sensible_is_not_believed(house, monkeypatch, contents):
    monkeypatch.setattr(checking, "WORKER", "this")
    with pytest.raises(ValueError, match="Expecting value"):
        reception.take_in(house, io.BytesIO(table().encode()))
    assert list(contents.all()) == []
    assert list(contents.abandoned(2e12)) == []


def test_a_full_disk_is_the_portal_s_fault_and_passes(house, monkeypatch):
    class Full:
        returncode = checking.EXIT_OUT_OF_SPACE

    monkeypatch.setattr(checking.subprocess, "run", lambda *_, **__: Full)
    with pytest.raises(Unavailable) as refused:
        reception.take_in(house, io.BytesIO(table().encode()))
    assert refused.value.transient


def test_a_content_that_another_published_first_stays(contents):
    name = "ab" * 32
    for text in ("first", "second"):
        folder = contents.new_folder()
        (folder / "manifest.json").write_text(text)
        contents.publish(folder, name)
    assert (contents.folder(name) / "manifest.json").read_text() == "first"
    assert list(contents.abandoned(2e12)) == []


@pytest.mark.parametrize("name", ["", "..", "/etc/passwd", "AB" * 32, "ab" * 31])
def test_only_a_hash_names_a_content(contents, name):
    with pytest.raises(ValueError, match="no SHA-256"):
        contents.folder(name)


def test_pupils_ask_their_teacher(house, store):
    pupil = Person("u", "s", "seat")
    with store.begin(EVERYONE) as session, pytest.raises(NotAllowed):
        reception.receive(session, pupil, house, Endless(b"x"), "a.csv", "a")


@pytest.mark.parametrize("name", ["x" * 101, "bell\a", "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(name):
    with pytest.raises(Invalid) as refused:
        reception.name_of(name, "")
    assert set(refused.value.errors) == {"name"}


def test_a_content_row_is_shared_by_data_sets(house, store, teacher):
    taken = reception.take_in(house, io.BytesIO(packed(album())))
    with store.begin(Tenant(teacher.school_id)) as session:
        one = reception.shelve(session, teacher, taken, "Cats")
        same = reception.shelve(session, teacher, taken, "Cats")
        other = reception.shelve(session, teacher, taken, "cats!")
        assert same is one
        assert (one.slug, other.slug) == ("cats", "cats-2")
        assert session.query(Content).count() == 1
