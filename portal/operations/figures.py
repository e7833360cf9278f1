"""Figures for Prometheus that are read from the database at the moment they are asked for.

Any worker of web tells the same, so these need none of prometheus_client's multi-process files.
No label names a school, a person, a run or an address: states and outcomes only.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.operations import pulse, tallies
from portal.runs.states import LIVE, RunState
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

BATCHES = ("forming", "submitting", "submitted")


@dataclass(frozen=True)
class Figures(Collector):
    """The portal's state in numbers; `clock` tells UTC seconds."""

    store: Store
    clock: Callable[[], float] = time.time

    def collect(self) -> Iterator[Metric]:
        """All figures, or only that the database does not answer."""
        try:
            with self.store.reading(EVERYONE) as session:
                found = list(self._all(session))
        except DBAPIError:
            found = []
        yield _gauge("kesuan_database_up", "1 while the database answers.", float(bool(found)))
        yield from found

    def describe(self) -> list[Metric]:
        """Nothing: registering the collector must not ask the database."""
        return []

    def _all(self, session: Session) -> Iterator[Metric]:
        now = self.clock()
        yield from _queue(session, now)
        signs = pulse.take(session, now)
        yield _gauge("kesuan_agent_leads", "1 while an agent holds the lease.", float(signs.leads))
        yield _gauge(
            "kesuan_agent_lease_age_seconds",
            "Seconds since the agent renewed its lease.",
            signs.renewed_s,
        )
        yield _gauge(
            "kesuan_slurm_answer_age_seconds",
            "Seconds since Slurm's last good answer to the agent, about jobs or nodes.",
            signs.slurm_answered_s,
        )
        yield _gauge(
            "kesuan_slurm_silent",
            "1 while Slurm did not answer when it was last asked about jobs.",
            float(signs.slurm_silent),
        )
        yield from _counted(tallies.totals(session))


def _queue(session: Session, now: float) -> Iterator[Metric]:
    live = select(Run.state, func.count()).where(Run.state.in_(LIVE)).group_by(Run.state)
    runs = GaugeMetricFamily("kesuan_runs", "Runs that have not ended.", labels=["state"])
    counts = {state: number for state, number in session.execute(live)}  # noqa: C416 - rows
    for state in RunState:
        if not state.final:
            runs.add_metric([state.value], counts.get(state.value, 0))
    yield runs
    open_ = select(Batch.state, func.count()).where(Batch.state.in_(BATCHES)).group_by(Batch.state)
    batches = GaugeMetricFamily("kesuan_batches", "Batches that are not closed.", labels=["state"])
    counts = {state: number for state, number in session.execute(open_)}  # noqa: C416 - rows
    for name in BATCHES:
        batches.add_metric([name], counts.get(name, 0))
    yield batches
    oldest = session.scalar(select(func.min(Run.created_at)).where(Run.state == RunState.WAITING))
    yield _gauge(
        "kesuan_oldest_waiting_seconds",
        "Age of the oldest run that Slurm has not been given.",
        0.0 if oldest is None else now - oldest,
    )


def _counted(totals: Mapping[str, int]) -> Iterator[Metric]:
    for name, words, label, values, tally in (
        (
            "kesuan_submissions",
            "Batches by what became of their submission.",
            "outcome",
            tallies.SUBMISSIONS,
            tallies.submission,
        ),
        (
            "kesuan_reconciled",
            "Runs that Slurm's answer and the job's own word moved into a state.",
            "state",
            tuple(RunState),
            tallies.reconciled,
        ),
        (
            "kesuan_slurm_answers",
            "Answers of Slurm about everything alive, by how whole they were.",
            "answer",
            tallies.ANSWERS,
            tallies.answer,
        ),
    ):
        family = CounterMetricFamily(name, words, labels=[label])
        for value in values:
            family.add_metric([str(value)], totals.get(tally(value), 0))
        yield family


def _gauge(name: str, words: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, words)
    if value is not None:
        family.add_metric([], value)
    return family
