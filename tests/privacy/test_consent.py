"""Without a school's consent no faces come in; withdrawn, what is there goes."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from portal.datasets.shown import Shown, require_allowed, require_answer, who_is_shown
from portal.errors import Conflict, Invalid, NotAllowed
from portal.people import consent
from portal.people.consent import VERSION
from portal.people.viewer import Viewer
from portal.privacy import consents
from portal.privacy.erasures import erasures
from portal.store.tables import DataSet
from tests.town import Town


def recorded(town: Town, version: str = str(VERSION)) -> None:
    with town.portal.store.begin(town.here.admin.tenant) as session:
        consent.record(session, town.here.admin, version)


def shown(town: Town, viewer: Viewer, people: bool | None, which: str = "7-2") -> Shown | None:
    with town.portal.store.reading(viewer.tenant) as session:
        return who_is_shown(session, viewer, people, which)


def test_people_come_in_with_a_consent_and_a_class_alone(town: Town) -> None:
    teacher = town.here.teacher
    assert shown(town, teacher, None) is None
    assert shown(town, teacher, people=False) == Shown(people=False)
    with pytest.raises(Invalid, match="has not recorded its consent"):
        shown(town, teacher, people=True)
    recorded(town)
    with pytest.raises(Invalid) as wrong:
        shown(town, teacher, people=True, which="9-9")
    assert set(wrong.value.errors) == {"class"}
    assert shown(town, teacher, people=True) == Shown(people=True, class_id=town.here.class_id)
    for other in (town.there.teacher, town.staff):
        with pytest.raises(Invalid) as wrong:
            shown(town, other, people=True)
        assert set(wrong.value.errors) == {"personal"}


def test_pictures_need_an_answer_and_a_table_does_not() -> None:
    require_answer(None, "table")
    require_answer(Shown(people=False), "pictures")
    with pytest.raises(Invalid) as wrong:
        require_answer(None, "pictures")
    assert set(wrong.value.errors) == {"personal"}


def test_a_new_text_asks_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(town)
    monkeypatch.setattr(consent, "VERSION", VERSION + 1)
    with pytest.raises(Invalid):
        shown(town, town.here.teacher, people=True)
    with pytest.raises(Conflict, match="new text"):
        recorded(town)
    recorded(town, str(VERSION + 1))
    assert shown(town, town.here.teacher, people=True)


def faces(town: Town, session: Session) -> str:
    """A data set of the class that shows people, by its id."""
    made = DataSet(
        school_id=town.here.school.id,
        class_id=town.here.class_id,
        personal=True,
        slug="faces",
        name_zh="f",
        name_en="f",
        kind="pictures",
        sha256="bb" * 32,
    )
    session.add(made)
    session.flush()
    return made.id


def test_a_withdrawn_consent_takes_what_shows_people_with_it(town: Town) -> None:
    recorded(town)
    with town.portal.store.begin(town.here.admin.tenant) as session:
        personal_id = faces(town, session)
    with town.portal.store.begin(town.here.admin.tenant) as session:
        consents.withdraw(session, town.here.admin)
    with town.portal.store.reading(town.here.admin.tenant) as session:
        assert [(e.kind, e.subject, e.why) for e in erasures(session, town.here.admin)] == [
            ("data", personal_id, "consent")
        ]
        # Looked at again in the transaction that would put the data set on the shelf.
        with pytest.raises(Invalid):
            require_allowed(session, town.here.teacher, Shown(people=True, class_id="x"))
        said = consent.newest(session, town.here.school.id)
        assert said is not None
        assert (said.recorded_by, said.withdrawn_by) == (town.here.admin.user_id,) * 2


def test_who_brings_faces_in_while_the_consent_is_withdrawn_is_found(town: Town) -> None:
    recorded(town)
    admin, teacher = town.here.admin, town.here.teacher
    put_up: list[str] = []

    def withdraw() -> None:
        with town.portal.store.begin(admin.tenant) as session:
            put_up.extend(erasure.subject for erasure in consents.withdraw(session, admin))

    other = threading.Thread(target=withdraw)
    with town.portal.store.begin(teacher.tenant) as session:
        require_allowed(session, teacher, Shown(people=True, class_id=town.here.class_id))
        other.start()
        # Until now it could have gone either way; from now on the other one has to wait.
        other.join(timeout=0.3)
        made_id = faces(town, session)
    other.join()
    assert put_up == [made_id]


def test_the_schools_administrators_alone_speak_for_it(town: Town) -> None:
    for viewer in (town.here.teacher, town.staff, replace(town.here.seats[0])):
        for deed in (
            lambda session, who: consent.record(session, who, str(VERSION)),
            consents.withdraw,
        ):
            with (
                pytest.raises(NotAllowed),
                town.portal.store.begin(viewer.tenant) as session,
            ):
                deed(session, viewer)


def test_the_text_is_there_in_both_languages() -> None:
    assert "监护人" in consent.text("zh")
    assert "guardians" in consent.text("en")
    for language in ("zh", "en"):
        assert str(VERSION) in consent.text(language).splitlines()[0]
