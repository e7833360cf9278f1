"""Pupils press Train: each in the lesson of their class, those of one moment in one transaction."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from sqlalchemy import and_, bindparam, or_, select, tuple_
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, contains_eager

from portal.errors import Conflict, NotFound, PortalError
from portal.language import N_
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.runs.belonging import OPEN, Place, free_seats, is_open, require_open, seat_is_busy
from portal.runs.house import House
from portal.runs.once import Before, Claim, Name, answer_of, claim_all, fingerprint, give_back
from portal.runs.plan import Faults, Plan, make_plan
from portal.runs.queries import get_run
from portal.runs.request import RunRequest, any_seed, new_run
from portal.store import EVERYONE, Store
from portal.store.lengths import padded
from portal.store.tables import DataSet, Lesson, Run, Seat, new_id

Class = tuple[str, str]  # of which school, and which

# The session of a group is nobody's: each press asks for its own school's class by name.
_LESSONS = (
    select(Lesson)
    .join(Lesson.data_set)
    .options(contains_eager(Lesson.data_set))
    .where(
        tuple_(Lesson.school_id, Lesson.class_id).in_(bindparam("classes", expanding=True)),
        or_(DataSet.school_id == Lesson.school_id, DataSet.school_id.is_(None)),
        or_(
            and_(Lesson.state == OPEN, Lesson.ends_at > bindparam("now")),
            Lesson.id.in_(bindparam("named", expanding=True)),
        ),
    )
    .order_by(Lesson.starts_at.desc(), Lesson.id)
)


@dataclass(frozen=True, kw_only=True)
class Press:
    """A pupil who presses Train, and how."""

    viewer: Viewer
    request: RunRequest
    key: str | None


@dataclass(frozen=True)
class Pressed:
    """The run of a press; `again` where the key was answered with it before."""

    run: Run
    again: bool


def press_together(
    store: Store, house: House, presses: Sequence[Press]
) -> list[Pressed | Exception]:
    """What becomes of presses of the same moment: for each its run, or the error of its own.

    Of a pupil who pressed twice, the second press is looked at when the first has its run.
    """
    rounds: defaultdict[int, list[int]] = defaultdict(list)
    before: defaultdict[str, int] = defaultdict(int)
    for position, press in enumerate(presses):
        rounds[before[press.viewer.user_id]].append(position)
        before[press.viewer.user_id] += 1
    outcomes: dict[int, Pressed | Exception] = {}
    for positions in rounds.values():
        group = [presses[position] for position in positions]
        outcomes.update(zip(positions, _in_one_transaction(store, house, group), strict=True))
    return [outcomes[position] for position in range(len(presses))]


def _in_one_transaction(
    store: Store, house: House, group: Sequence[Press]
) -> list[Pressed | Exception]:
    """What `press_all` says, committed.

    Where something breaks that may be one press's doing, nothing of the group has happened, and
    each is tried alone. A database that cannot be reached is nobody's doing.
    """
    try:
        with store.begin(EVERYONE) as session:
            return [*press_all(session, house, group)]
    except Exception as fault:
        if len(group) == 1 or isinstance(fault, OperationalError):
            return [fault] * len(group)
    return [outcome for press in group for outcome in _in_one_transaction(store, house, [press])]


def press_all(
    session: Session, house: House, presses: Sequence[Press]
) -> list[Pressed | PortalError]:
    """The runs of presses of different pupils, written; for each that may not be, its error.

    The same key a second time gives the same run. Errors: `Invalid` with every fault by field,
    `NotAllowed`, `NotFound` (lesson), and `Conflict` where there is no lesson, it is over, or the
    seat is busy. A press that ends with an error leaves its key free.
    """
    now = time.time()
    turns = [_Turn(press) for press in presses]
    for turn in turns:
        with turn.judged():
            turn.admit()
    before = claim_all(session, [turn.claim for turn in turns if turn.claim is not None])
    for turn in _going(turns):
        with turn.judged():
            turn.repeat(session, before)
    lessons = _lessons(session, [turn.press for turn in _going(turns)], now)
    for turn in _going(turns):
        with turn.judged():
            turn.plan(session, house, lessons, now)
    seats = free_seats(session, [turn.place for turn in _going(turns)])
    for turn in _going(turns):
        with turn.judged():
            turn.sit_down(seats)
    session.add_all(turn.run for turn in _going(turns))
    session.flush()
    refused = [turn.claim for turn in turns if turn.refused and turn.claim is not None]
    give_back(session, [claim for claim in refused if claim.name not in before])
    return [turn.ended or Pressed(turn.run, again=False) for turn in turns]


class _Turn:
    """A press on its way to a run, or to what else it ends with."""

    run: Run
    place: Place

    def __init__(self, press: Press) -> None:
        self.press = press
        self.run_id = new_id()
        self.claim: Claim | None = None
        self.ended: Pressed | PortalError | None = None

    @contextmanager
    def judged(self) -> Iterator[None]:
        """What the portal refuses this press is the end of it, and of no other."""
        try:
            yield
        except PortalError as refused:
            self.ended = refused

    @property
    def refused(self) -> bool:
        """Whether it ended with an error."""
        return isinstance(self.ended, PortalError)

    def admit(self) -> None:
        """Who may press at all, and with which key."""
        viewer, request, key = self.press.viewer, self.press.request, self.press.key
        require_school(viewer, Action.START_RUN)
        if key is not None:
            asked = fingerprint("run", **asdict(request))
            self.claim = Claim(viewer.user_id, key, asked, {"run": self.run_id})

    def repeat(self, session: Session, before: Mapping[Name, Before]) -> None:
        """The run that the key was answered with before is the end of it."""
        if self.claim is not None and self.claim.name in before:
            made = answer_of(before[self.claim.name], self.claim)
            self.ended = Pressed(get_run(session, self.press.viewer, made["run"]), again=True)

    def plan(
        self, session: Session, house: House, lessons: Mapping[Class, list[Lesson]], now: float
    ) -> None:
        """The run as it would be, in the lesson that the pupil's class is in."""
        viewer, request = self.press.viewer, self.press.request
        lesson = _lesson(lessons.get(_class(viewer), []), request, now)
        run = new_run(
            _plan(session, house, viewer, request, lesson),
            owner_id=viewer.user_id,
            seed=any_seed(),
            now=now,
        )
        run.id, run.school_id = self.run_id, lesson.school_id
        run.lesson, run.ends_by = lesson, lesson.ends_at
        self.run = run
        self.place = Place(lesson.school_id, viewer.seat_id or "", lesson.id)

    def sit_down(self, seats: Mapping[Place, Seat]) -> None:
        """Take the seat, if it is among those where nobody trains."""
        if self.place not in seats:
            raise seat_is_busy()
        self.run.seat = seats[self.place]


def _going(turns: Sequence[_Turn]) -> list[_Turn]:
    return [turn for turn in turns if turn.ended is None]


def _class(viewer: Viewer) -> Class:
    return viewer.school_id or "", viewer.class_id or ""


def _lessons(
    session: Session, presses: Sequence[Press], now: float
) -> Mapping[Class, list[Lesson]]:
    """The lessons of classes that are on, or that were asked for by name; the newest first."""
    found: defaultdict[Class, list[Lesson]] = defaultdict(list)
    if presses:
        named = {press.request.lesson_id for press in presses} - {None}
        classes = {_class(press.viewer) for press in presses}
        asked = {"classes": padded(classes), "named": padded(named), "now": now}
        for lesson in session.scalars(_LESSONS, asked):
            found[lesson.school_id, lesson.class_id].append(lesson)
    return found


def _lesson(own: Sequence[Lesson], request: RunRequest, now: float) -> Lesson:
    """The lesson that is asked for, else the newest that is on, of the lessons of a class."""
    if request.lesson_id is not None:
        for lesson in own:
            if lesson.id == request.lesson_id:
                require_open(lesson, now)
                return lesson
        raise NotFound(N_("There is no such lesson."))
    for lesson in own:
        if is_open(lesson, now):
            return lesson
    raise Conflict(N_("Your class has no lesson just now. Wait for your teacher."))


def _plan(
    session: Session, house: House, viewer: Viewer, request: RunRequest, lesson: Lesson
) -> Plan:
    """What a pupil will train: what the teacher chose, with what the teacher left open."""
    plan = make_plan(
        session,
        house,
        viewer,
        replace(
            request,
            template=lesson.template,
            data=lesson.data_set_id,
            share=lesson.eighths,
        ),
        base=lesson.parameters,
        faults=_not_the_lessons(lesson, request),
        data_set=lesson.data_set,
    )
    if request.minutes is None:
        # As long as the class's own runs may take: the lesson bounds both.
        plan = replace(plan, minutes=plan.template.resources.minutes)
    return plan


def _not_the_lessons(lesson: Lesson, request: RunRequest) -> Faults:
    """What a pupil may not choose: the lesson has chosen it."""
    data = {"", lesson.data_set_id, lesson.data_set.slug}
    faults: Faults = {}
    if request.template not in ("", lesson.template):
        faults["template"] = [N_("In this lesson the template is the teacher's choice.")]
    if request.data not in data:
        faults["data"] = [N_("In this lesson the data is the teacher's choice.")]
    if request.share not in (None, lesson.eighths):
        faults["share"] = [N_("In this lesson the share is the teacher's choice.")]
    return faults
