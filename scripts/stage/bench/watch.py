"""Ninety classes train, and 3,600 people look on: how old is what they see, and what does it cost?

Everything but the computing is real: the lessons are launched by their teachers, the agent sends
them, Slurm runs a task for every seat, and each page is an event stream of somebody who has logged
in. The tasks themselves sleep; what they would report is written into their folders by the
runtime's own reporter, and says when it was written.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from stage import sdiag, services
from stage.bench import audience, cost, ninety, reporting, wide
from stage.bench.audience import Audience, Told
from stage.bench.reporting import Written
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan
from stage.processes import Process
from stage.site import Site, load_site

POLL_S = 1.0  # agent.poll_s of scripts/stage/settings.toml
NOBODY = Told(0, (), {}, 0, 0, 0, 0.0)


@dataclass(frozen=True)
class Place:
    """Where it is measured, and the processes whose cost counts."""

    plan: ClusterPlan
    site: Site
    found: Mapping[str, list[Process]]


@dataclass(frozen=True)
class Phase:
    """One stretch of time with so many open pages."""

    viewers: int
    seconds: float
    told: Told
    cpu_s: Mapping[str, float]
    memory_mb: Mapping[str, float]
    rpcs: sdiag.Calls
    bad_answers: int
    load: float

    @property
    def rpcs_per_minute(self) -> float:
        """What the portal's user asked the controller."""
        return self.rpcs.by_user.get(SERVICE_USER, 0) * 60 / self.seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--classes", type=int, default=90, help="default: 90")
    parser.add_argument("--seats", type=int, default=40, help="of each class; default: 40")
    parser.add_argument("--viewers", type=int, default=40, help="of each class; default: 40")
    parser.add_argument("--every", type=float, default=2.0, help="s between a run's reports")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each phase; default: 40")
    parser.add_argument("--name", default="watch", help="of its cluster and site; default: watch")


def run(options: argparse.Namespace) -> int:
    try:
        phases, written = _measure(options, _Clock().say)
    finally:
        if site := load_site(options.name):
            services.stop(site)
        wide.down(options.name)
        ninety.forget(options.name)
    _report(options, phases, written)
    return 0


def _measure(
    options: argparse.Namespace, say: Callable[[str], None]
) -> tuple[list[Phase], Written]:
    accounts = [f"school{number:03}" for number in range(1, options.classes + 1)]
    plan = wide.up(options.name, accounts)
    site = ninety.site_of(plan)
    say(f"Slurm, web and agent are up: {site.address}")
    classes = ninety.launch(site, accounts, options.seats, say)
    ninety.await_running(plan, options.classes * options.seats, say)
    place = Place(plan, site, cost.groups(plan, site, None))
    epoch = time.time()
    folders = [ninety.attempt(site, run) for one in classes for run in one.runs]
    environment = services.environment(site)
    with reporting.writing(
        folders, options.every, epoch, environment=environment, user=SERVICE_USER
    ) as writer:
        phases = []
        for watched, each in ((0, 0), (1, options.viewers), (len(classes), options.viewers)):
            with ExitStack() as pages:
                crowd = None
                if watched:
                    lessons = [(one.cookie, one.lesson) for one in classes[:watched]]
                    crowd = pages.enter_context(audience.watching(site, epoch, lessons, each, say))
                    say(_opened(crowd.took_s))
                phases.append(_phase(place, watched * each, options.seconds, crowd))
            say(_line(phases[-1]))
        return phases, writer.end()


def _phase(place: Place, watchers: int, seconds: float, crowd: Audience | None) -> Phase:
    """Measure for so long, a few polls after the pages have opened."""
    time.sleep(5 * POLL_S)
    log = services.log_of(place.site, "web")
    start = log.stat().st_size
    before = cost.used_s(place.found)
    audience_before = crowd.tell().cpu_s if crowd else 0.0
    if crowd:
        crowd.begin()
    sdiag.reset(place.plan)
    begun = time.monotonic()
    time.sleep(seconds)
    rpcs, took_s = sdiag.calls(place.plan), time.monotonic() - begun
    told = crowd.tell() if crowd else NOBODY
    if told.open != watchers:
        raise StageError(f"{watchers - told.open} of {watchers} pages have closed: {told.errors}")
    used = cost.since(before, cost.used_s(place.found))
    with log.open("rb") as lines:
        lines.seek(start)
        bad = sum(_is_bad(line) for line in lines)
    return Phase(
        viewers=watchers,
        seconds=took_s,
        told=told,
        cpu_s={**used, "audience": told.cpu_s - audience_before},
        memory_mb=cost.memory_mb(place.found),
        rpcs=rpcs,
        bad_answers=bad,
        load=os.getloadavg()[0],
    )


def _is_bad(line: bytes) -> bool:
    """Whether a line of web's log is a 5xx, or a fault that is logged as an error."""
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return int(said.get("status") or 0) >= 500 or said.get("level") in ("ERROR", "CRITICAL")


class _Clock:
    """Prints lines with the seconds since it was made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def say(self, line: str) -> None:
        print(f"{time.monotonic() - self._begun:5.0f} s  {line}", flush=True)


def _opened(took_s: Sequence[float]) -> str:
    p50, p95, worst = (_quantile(took_s, share) for share in (0.5, 0.95, 1.0))
    return (
        f"{len(took_s)} pages are open; page and first event took p50 {p50:.2f} s, "
        f"p95 {p95:.2f} s, at most {worst:.2f} s"
    )


def _line(phase: Phase) -> str:
    return f"{phase.viewers} viewers: {phase.rpcs_per_minute:.0f} RPCs a minute"


def _report(options: argparse.Namespace, phases: Sequence[Phase], written: Written) -> None:
    runs = options.classes * options.seats
    print(
        f"\n{options.classes} classes of {options.seats}: {runs} tasks run in Slurm (they sleep), "
        f"each run reports every {options.every:g} s; {written.reports} reports, "
        f"at most {written.late_s} s late"
    )
    print(f"{'viewers':>8}{'events/s':>10}{'MB/s':>8}{'RPCs/min':>10}{'load':>7}  CPU and memory")
    for phase in phases:
        told, s = phase.told, phase.seconds
        print(
            f"{phase.viewers:>8}{told.events / s:>10.0f}{told.bytes / s / 1e6:>8.2f}"
            f"{phase.rpcs_per_minute:>10.0f}{phase.load:>7.1f}  {_spent(phase)}"
        )
    for phase in phases:
        kinds = sorted(phase.rpcs.by_type.items(), key=lambda item: -item[1])
        print(f"controller's RPCs, {phase.viewers} viewers: {kinds}")
    full = phases[-1]
    lags = full.told.lags_s
    p50, p95, p99, worst = (_quantile(lags, share) for share in (0.5, 0.95, 0.99, 1.0))
    print(
        f"\nfrom the job's write to the viewer's socket, {len(lags)} reports on "
        f"{min(audience.LOOKS, options.viewers) * options.classes} pages: "
        f"p50 {p50:.3f} s, p95 {p95:.3f} s, p99 {p99:.3f} s, worst {worst:.3f} s"
    )
    print(f"the page that got fewest events got {full.told.fewest_events} in {full.seconds:.0f} s")
    errors = sum(sum(p.told.errors.values()) + p.bad_answers for p in phases)
    figures: dict[str, Any] = {
        "viewers": full.viewers,
        "lag_p50_s": round(p50, 3),
        "lag_p95_s": round(p95, 3),
        "lag_p99_s": round(p99, 3),
        "errors": errors,
        "rpcs_per_minute": {str(p.viewers): round(p.rpcs_per_minute, 1) for p in phases},
        "running_tasks": runs,
        "reports_per_s": round(runs / options.every),
        "cpu": {str(p.viewers): _rounded(p.cpu_s, p.seconds) for p in phases},
        "memory_mb": {str(p.viewers): _rounded(p.memory_mb, 1) for p in phases},
        "load": {str(p.viewers): round(p.load, 2) for p in phases},
    }
    print(json.dumps(figures))


def _spent(phase: Phase) -> str:
    return ", ".join(
        f"{name} {used / phase.seconds:.0%}"
        + (f" {phase.memory_mb[name]:.0f} MB" if name in phase.memory_mb else "")
        for name, used in phase.cpu_s.items()
    )


def _rounded(values: Mapping[str, float], by: float) -> dict[str, float]:
    return {name: round(value / by, 3) for name, value in values.items()}


def _quantile(values: Sequence[float], share: float) -> float:
    if not values:
        raise StageError("no page has shown a report")
    return values[min(len(values) - 1, int(share * len(values)))]
