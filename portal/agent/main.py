"""The agent's life: take the lease, then round after round until somebody says stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from portal.accelerators import Accelerator
from portal.agent import lease
from portal.agent.clock import Clock, Memory, SteadyClock, since_boot
from portal.agent.dispatch import Dispatch
from portal.agent.housekeeping import EVERY_S, Housekeeping
from portal.agent.nodes import Nodes
from portal.agent.outbox import LeaseLost
from portal.agent.returns import Returns
from portal.agent.watch import Watch
from portal.agent.wishes import Wishes
from portal.catalog import Catalog, publish
from portal.config import Settings
from portal.lessons import bell
from portal.privacy import terms
from portal.privacy.eraser import Eraser
from portal.scheduler import Scheduler, open_scheduler
from portal.store import EVERYONE, Store

log = logging.getLogger(__name__)

# How long a teacher's press may lie in the database before the agent sees it. The question is one
# indexed look-up in the portal's own database; Slurm is not asked.
TICK_S = 0.1
BELL_EVERY_S = 1.0
# How long what somebody wants deleted may lie in the database before the agent sees it.
ERASE_EVERY_S = 5.0
# How often an agent in reserve looks whether the lease is free.
RESERVE_EVERY_S = 1.0


def main(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Programs are published once, at the start."""
    store, catalog = Store(settings.database), Catalog(settings.templates.folders)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    program = publish(settings.templates.folders, settings.data.root)
    memory = Memory.of_this_machine(settings.data.root)
    clock = SteadyClock(before=memory.recall())
    agent = Agent(
        settings,
        store,
        catalog,
        open_scheduler(settings.slurm),
        program,
        clock=clock,
        note_time=lambda: memory.note(clock(), since_boot()),
    )
    log.info("agent started", extra={"agent": agent.holder, "program": program})
    agent.work(stop)
    store.close()
    log.info("agent stopped", extra={"agent": agent.holder})


@dataclass
class Agent:
    """One agent over one store and one Slurm.

    `clock` tells UTC seconds, `ticks` seconds that never jump. `note_time` leaves the time to the
    next agent of this machine; it is called as often as the lease is renewed.
    """

    settings: Settings
    store: Store
    catalog: Catalog
    scheduler: Scheduler
    program: str
    holder: str = field(default_factory=lease.new_holder)
    clock: Clock = field(default_factory=SteadyClock)
    ticks: Callable[[], float] = time.monotonic
    note_time: Callable[[], None] = lambda: None
    stop: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        accelerator = Accelerator.from_settings(self.settings.accelerator)
        self.dispatch = Dispatch(
            self.settings,
            self.store,
            self.catalog,
            accelerator,
            self.scheduler,
            self.holder,
            self.program,
            self.clock,
        )
        self.watch = Watch(self.settings, self.store, self.scheduler, self.dispatch, self.clock)
        self.returns = Returns(self.settings.slurm, self.store, self.scheduler, self.clock)
        self.wishes = Wishes(self.store, self.scheduler)
        self.nodes = Nodes(
            self.settings, self.store, self.scheduler, accelerator, self.watch, self.clock
        )
        self.housekeeping = Housekeeping(self.settings, self.store, self.clock)
        self.eraser = Eraser(self.settings.data.root, self.store, self.clock, self.ticks)
        self._next_poll = self._next_bell = self._next_renewal = 0.0
        # Whoever comes after an agent that was killed looks at the runs first.
        self._next_nodes = self.ticks() + 2 * self.settings.agent.poll_s
        self._last_poll = self.ticks()
        self._next_sweep = self._last_poll + EVERY_S
        self._next_erasing = self._last_poll + ERASE_EVERY_S

    def work(self, stop: threading.Event) -> None:
        """Rounds until `stop`; a fault of one round is logged and does not end the agent.

        After `stop` nothing new is begun: a Slurm command in hand comes to its end, what it said is
        written down, and the lease goes to whoever asks next.
        """
        self.stop = self.dispatch.stop = stop
        while not stop.is_set():
            try:
                wait = TICK_S if self._leads() else RESERVE_EVERY_S
                if wait == TICK_S:
                    self.round()
            except LeaseLost:
                self._lost()
                wait = RESERVE_EVERY_S
            except OperationalError:
                log.exception("the database does not answer")
                wait = 1.0
            except Exception:
                # Whatever it was, forty pupils wait for the next round.
                log.exception("a round of the agent failed")
                wait = 1.0
            stop.wait(wait)
        with self.store.begin(EVERYONE) as session:
            lease.release(session, self.holder)

    def round(self) -> None:
        """Send what waits at once; ask Slurm at most one question per poll interval."""
        now = self.ticks()
        if now >= self._next_bell:
            self._next_bell = now + BELL_EVERY_S
            self._ring()
        sent = self.dispatch.send_waiting()
        if self.stop.is_set():
            return
        self.wishes.pass_on()
        if sent:
            # What was sent a moment ago has nothing to tell yet; but while one class after the
            # other is sent, the others are not forgotten.
            poll_s = self.settings.agent.poll_s
            later = min(now + min(0.5, poll_s), self._last_poll + 2 * poll_s)
            self._next_poll = max(self._next_poll, later)
        if now >= self._next_sweep:
            self._next_sweep = now + EVERY_S
            self.housekeeping.sweep()
            self._end_terms()
        if now >= self._next_erasing and not sent:
            # While there is something to erase, a tenth of each second goes to that.
            self._next_erasing = now + (1.0 if self.eraser.step() else ERASE_EVERY_S)
        if now < self._next_poll or self.stop.is_set():
            return
        self._last_poll, self._next_poll = now, now + self.settings.agent.poll_s
        if now >= self._next_nodes:
            self._next_nodes = now + self.settings.agent.nodes_every_s
            self.nodes.look()
        else:
            self.watch.look()
            self.returns.look()

    def _ring(self) -> None:
        clock, before_s = self.clock.surely(), float(self.settings.slurm.finish_signal_s)
        with self.store.reading(EVERYONE) as session:
            due = bell.is_due(session, clock, before_s=before_s)
        if due:
            with self.store.begin(EVERYONE) as session:
                bell.ring(session, clock, before_s=before_s)

    def _end_terms(self) -> None:
        with self.store.begin(EVERYONE) as session:
            day = terms.today(self.settings, self.clock.surely())
            begun = terms.begin(session, self.settings, day)
            ended = terms.end(session, self.settings, day)
        if begun or ended:
            told = {"begun": begun, "erasures": [erasure.id for erasure in ended]}
            log.info("terms", extra=told)

    def _leads(self) -> bool:
        """Whether this agent holds the lease; renewed well before it ends."""
        now = self.ticks()
        if now < self._next_renewal:
            return True
        with self.store.begin(EVERYONE) as session:
            held = lease.hold(session, self.holder, self.clock(), self.settings.agent.lease_s)
        if held:
            self.note_time()
            self._next_renewal = now + self.settings.agent.lease_s / 3
        elif self._next_renewal:
            self._lost()
        return held

    def _lost(self) -> None:
        log.warning("another agent has taken over", extra={"agent": self.holder})
        self._next_renewal = 0.0
