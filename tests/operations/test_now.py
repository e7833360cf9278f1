"""What waits and why, by school, from what the agent wrote down."""

from __future__ import annotations

import time

from portal.language import LANGUAGES
from portal.operations.now import FOR_STAFF, NOT_SENT, STOPPING, standings
from portal.runs.reasons import OF_THE_QUEUE
from portal.runs.states import RunState
from portal.store import EVERYONE
from tests.town import Town

VIEW = {
    "nodes": [{"name": "g1", "schools": {"school_hua": 2}}, {"name": "g2", "schools": {}}],
    "schools": {"school_hua": {"limit_eighths": 16, "used_eighths": 2}},
}


def test_what_runs_and_waits_by_school_with_slurms_own_words(town: Town) -> None:
    first, second, third, fourth = (town.start(town.here.teacher) for _ in range(4))
    now = time.time()
    town.set(first, state=RunState.RUNNING, started_at=now)
    words = "PENDING Reason=AssocGrpGRES"
    for run, since in ((second, 300), (third, 200)):
        town.set(
            run,
            state=RunState.SUBMITTED,
            submitted_at=now - since,
            reason="waiting-for-school-share",
            slurm_words=words,
        )
    with town.portal.store.reading(EVERYONE) as session:
        (here,) = standings(session, VIEW)
    assert here.school.slug == "hua"
    assert (here.running, here.eighths, here.limit, here.nodes) == (1, 1, 16, ("g1",))
    assert here.waiting == 3
    assert here.since == now - 300
    of_share = FOR_STAFF["waiting-for-school-share"]
    assert [(w.runs, w.why, w.slurm_words) for w in here.waits] == [
        (2, of_share, words),
        (1, NOT_SENT, None),
    ]
    assert fourth.state == RunState.WAITING


def test_the_longest_wait_comes_first(town: Town) -> None:
    now = time.time()
    for hamlet, since in ((town.here, 10), (town.there, 90)):
        town.set(town.start(hamlet.teacher), state=RunState.SUBMITTED, submitted_at=now - since)
    with town.portal.store.reading(EVERYONE) as session:
        assert [each.school.slug for each in standings(session, {})] == ["nan", "hua"]


def test_every_reason_to_wait_has_words_for_staff() -> None:
    assert {reason.code for reason in OF_THE_QUEUE} == set(FOR_STAFF)
    for message in (*FOR_STAFF.values(), NOT_SENT, STOPPING):
        assert len({message.in_language(language) for language in LANGUAGES}) == 2
