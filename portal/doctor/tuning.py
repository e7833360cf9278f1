"""Is Slurm quick enough for a lesson, and does it let the portal ask as often as it wants to?

Defaults are those of https://slurm.schedmd.com/slurm.conf.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from portal.config import Settings
from portal.doctor.finding import Finding, ok, skipped, warn
from portal.language import N_
from portal.scheduler import Site

# SchedulerParameters that a class waits for: Slurm's default in seconds, and the most that a
# lesson should wait.
PACE: Mapping[str, tuple[int, int]] = {"batch_sched_delay": (3, 1), "bf_interval": (30, 10)}
# SlurmctldParameters of the limit on questions, with Slurm's defaults.
LIMIT: Mapping[str, int] = {"rl_bucket_size": 30, "rl_refill_period": 1, "rl_refill_rate": 2}
# One squeue asks for jobs and for partitions; the other ways ask less.
QUESTIONS_PER_POLL = 2


def look(settings: Settings, site: Site) -> Iterator[Finding]:
    """Findings about what slurm.conf makes faster or slower."""
    yield memory(settings, site)
    if site.scheduler_parameters is None or site.controller_parameters is None:
        yield skipped(
            "pace",
            N_(
                "slurmrestd does not tell SchedulerParameters and SlurmctldParameters: look "
                "yourself, scontrol show config"
            ),
        )
        return
    yield pace(site.scheduler_parameters)
    yield questions(settings, site.controller_parameters)


def memory(settings: Settings, site: Site) -> Finding:
    """Does slurmctld remember ended jobs until the agent has looked?"""
    # 0 means that it never forgets.
    between = settings.agent.poll_s + settings.slurm.command_timeout_s
    if site.min_job_age_s == 0 or site.min_job_age_s > between:
        return ok("memory", N_("Slurm remembers ended jobs until the portal has seen them."))
    return warn(
        "memory",
        N_(
            "MinJobAge is {age} s, and the portal may look only every {between} s.",
            age=site.min_job_age_s,
            between=f"{between:g}",
        ),
        N_("Set MinJobAge=300 in slurm.conf: accounting is asked about what is forgotten."),
    )


def pace(parameters: Sequence[str]) -> Finding:
    """Does an array start within a second or two?"""
    slow = {
        name: found
        for name, (default, most) in PACE.items()
        if (found := _number(parameters, name, default)) > most
    }
    if not slow:
        return ok("pace", N_("Slurm starts jobs quickly enough for a lesson."))
    wanted = ",".join(f"{name}={PACE[name][1]}" for name in slow)
    return warn(
        "pace",
        N_(
            "A class waits longer than it must: {found}.",
            found=", ".join(f"{name}={seconds}" for name, seconds in slow.items()),
        ),
        N_("Add to SchedulerParameters in slurm.conf: {wanted}", wanted=wanted),
    )


def questions(settings: Settings, parameters: Sequence[str]) -> Finding:
    """Does Slurm's limit on questions leave room for a poll?"""
    if "rl_enable" not in parameters:
        return ok("questions", N_("Slurm does not limit how often it is asked."))
    bucket, period, rate = (_number(parameters, name, usual) for name, usual in LIMIT.items())
    allowed = rate / max(period, 1)
    wanted = QUESTIONS_PER_POLL / settings.agent.poll_s
    values = {"allowed": f"{allowed:g}", "bucket": bucket, "wanted": f"{wanted:g}"}
    # Submissions and wishes come on top of the polls.
    if allowed >= 2 * wanted:
        return ok(
            "questions",
            N_("Slurm answers {allowed} questions a second, the portal asks {wanted}.", **values),
        )
    return warn(
        "questions",
        N_(
            "Slurm answers a user {allowed} questions a second ({bucket} at once); the portal "
            "asks {wanted}.",
            **values,
        ),
        N_(
            "Set agent.poll_s to {seconds} or more, or rl_refill_rate in SlurmctldParameters to "
            "{rate}.",
            seconds=f"{2 * QUESTIONS_PER_POLL / allowed:g}" if allowed else 60,
            rate=max(1, round(2 * wanted * max(period, 1))),
        ),
    )


def _number(parameters: Sequence[str], name: str, default: int) -> int:
    """The value of `name=5` among words; the last one counts."""
    found = [m[1] for word in parameters if (m := re.fullmatch(rf"{name}=(\d+)", word))]
    return int(found[-1]) if found else default
