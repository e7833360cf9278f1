"""Does what was asked for: rows, then files, then a second look. It may be killed at any moment.

1. What is alive is stopped, and waited for. Then the rows go, some hundreds of runs in one
   transaction, which writes into the erasure's plan what has files.
2. The files of some of those are counted, and that is committed; then they are removed. Whoever
   comes after a kill removes what is left of them and counts nothing twice.
3. A minute later the eraser looks again for rows and files. Where it finds any, all begins anew;
   otherwise the plan is emptied, and what remains is the receipt.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.privacy.erasures import ASKED, DONE, FILES, close
from portal.privacy.plan import BATCH, CONTENT, RUN, Plan
from portal.privacy.rows import count_left, delete_rest, delete_runs
from portal.privacy.scope import AT_ONCE, scope_of
from portal.privacy.traces import Size, Traces, size_of
from portal.store import EVERYONE, Store
from portal.store.scrub import scrub
from portal.store.tables import Batch, Content, Erasure

log = logging.getLogger(__name__)

# Whoever waits for the agent waits this much longer, and only while something is being deleted.
BUDGET_S = 0.1
FOLDERS_AT_ONCE = 10
LOOK_AGAIN_S = 60.0
PAUSE_S = 60.0
# A content that an upload has found on the shelf just now is about to get a data set.
WANTED_S = 60.0
# The folders of older batches have been swept (`portal.agent.housekeeping`).
BATCHES_S = 15 * 86_400.0


@dataclass
class Eraser:
    """Deletes below one data root and in one database. `clock` tells UTC seconds."""

    root: Path
    store: Store
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    _traces: Traces = field(init=False)
    _paused: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._traces = Traces(self.root)

    def step(self) -> bool:
        """Go on with everything that is open, for a tenth of a second; False if nothing is."""
        with self.store.reading(EVERYONE) as session:
            still_open = select(Erasure.id).where(Erasure.state.in_((ASKED, FILES)))
            ids = list(session.scalars(still_open.order_by(Erasure.asked_at)))
        until = self.ticks() + BUDGET_S
        for erasure_id in ids:
            if self._paused.get(erasure_id, 0.0) > self.ticks():
                continue
            try:
                while self.ticks() < until and self._go_on(erasure_id):
                    pass
            except (OSError, IntegrityError) as error:
                # A folder that the storage keeps, or a lesson that was begun in this very moment:
                # it holds up no other erasure, and no class.
                self._paused[erasure_id] = self.ticks() + PAUSE_S
                told = {"erasure": erasure_id, "error": type(error).__name__}
                log.warning("something cannot be deleted yet", extra=told)
        return bool(ids)

    def _go_on(self, erasure_id: str) -> bool:
        """One step of one erasure; whether the next one can follow at once."""
        with self.store.reading(EVERYONE) as session:
            erasure = session.get_one(Erasure, erasure_id)
        if erasure.state == ASKED:
            return self._delete_rows(erasure_id)
        if erasure.state == DONE:
            return False
        plan = Plan.of(erasure.plan)
        if plan.counted:
            return self._remove(erasure, plan)
        if plan.removed < len(plan.items):
            return self._count(erasure, plan)
        return self._look_again(erasure, plan)

    def _delete_rows(self, erasure_id: str) -> bool:
        with self.store.begin(EVERYONE) as session:
            erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
            scope = scope_of(session, erasure.kind, erasure.subject)
            if close(session, scope):
                return False
            plan, gone = Plan.of(erasure.plan), Counter(erasure.rows)
            some = sorted(scope.runs)[:AT_ONCE]
            plan.batches = sorted({*plan.batches, *self._batches(session, erasure)})
            gone += delete_runs(session, some)
            plan.runs = sorted({*plan.runs, *some})
            if len(some) == len(scope.runs):
                rest, contents = delete_rest(session, scope)
                gone += rest
                plan.contents = sorted({*plan.contents, *contents})
                erasure.state = FILES
            erasure.rows, erasure.plan = dict(gone), plan.plain()
        return True

    def _batches(self, session: Session, erasure: Erasure) -> list[str]:
        """Those of the school in which attempts of the runs may have been."""
        young = Batch.created_at > self.clock() - BATCHES_S
        return list(
            session.scalars(select(Batch.id).where(Batch.school_id == erasure.school_id, young))
        )

    def _count(self, erasure: Erasure, plan: Plan) -> bool:
        """Write down what the next few have, before any of it goes."""
        items = plan.items[plan.removed : plan.removed + FOLDERS_AT_ONCE]
        for kind, each in items:
            if kind == CONTENT and self._is_wanted(each):
                return False
        size = sum((size_of(place) for item in items for place in self._places(item, plan)), Size())
        plan.counted = len(items)
        return self._note(erasure, plan, size)

    def _remove(self, erasure: Erasure, plan: Plan) -> bool:
        for item in plan.items[plan.removed : plan.removed + plan.counted]:
            for place in self._places(item, plan):
                self._traces.remove(place)
        plan.removed, plan.counted = plan.removed + plan.counted, 0
        if plan.removed == len(plan.items):
            plan.removed_at = self.clock()
        return self._note(erasure, plan, Size())

    def _look_again(self, erasure: Erasure, plan: Plan) -> bool:
        now = self.clock()
        if plan.removed_at is None:  # nothing of it had any files
            plan.removed_at = now
            return self._note(erasure, plan, Size())
        if now - plan.removed_at < LOOK_AGAIN_S or not scrub(self.store):
            return False
        with self.store.begin(EVERYONE) as session:
            found = session.get_one(Erasure, erasure.id, with_for_update=True)
            scope = scope_of(session, found.kind, found.subject)
            rows = count_left(session, scope, plan.runs)
            files = sum(
                self._traces.is_there(place)
                for item in plan.items
                for place in self._places(item, plan)
            )
            found.left = rows + files
            if found.left:
                plan.removed, plan.removed_at, found.state = 0, None, ASKED
                found.plan = plan.plain()
                log.warning("something was left", extra={"erasure": found.id, "left": found.left})
                return True
            found.state, found.done_at, found.plan = DONE, now, {}
            told = {"rows": sum(found.rows.values()), "files": found.files, "bytes": found.bytes}
        log.info("erased", extra={"erasure": erasure.id, "kind": erasure.kind, **told})
        return False

    def _places(self, item: tuple[str, str], plan: Plan) -> list[Path]:
        kind, each = item
        if kind == RUN:
            return [self._traces.run(each)]
        if kind == BATCH:
            return self._traces.outputs(each, frozenset(plan.runs))
        return [] if self._has_an_owner(each) else [self._traces.content(each)]

    def _is_wanted(self, sha256: str) -> bool:
        try:
            wanted_at = self._traces.content(sha256).stat().st_mtime
        except FileNotFoundError:
            return False
        return self.clock() - wanted_at < WANTED_S

    def _has_an_owner(self, sha256: str) -> bool:
        """Whether somebody has brought the same file in since."""
        with self.store.reading(EVERYONE) as session:
            return session.get(Content, sha256) is not None

    def _note(self, erasure: Erasure, plan: Plan, size: Size) -> bool:
        """Commit how far it is; False where another agent has gone on with it meanwhile."""
        with self.store.begin(EVERYONE) as session:
            found = session.get_one(Erasure, erasure.id, with_for_update=True)
            if found.plan != erasure.plan or found.state != erasure.state:
                return False
            found.plan = plan.plain()
            found.files += size.files
            found.bytes += size.bytes
        return True
