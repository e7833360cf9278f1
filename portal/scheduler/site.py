"""What the controller tells of its own configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preemption:
    """Who makes way for whom: slurm.conf's PreemptType and PreemptMode, as they stand there.

    `qos_weight` is what the priority of a QOS counts for, 0 for nothing.
    """

    type: str
    modes: tuple[str, ...]
    qos_weight: int


@dataclass(frozen=True, slots=True)
class Site:
    """What the controller says of itself, as far as the portal depends on it.

    `scheduler_parameters` and `controller_parameters` are slurm.conf's SchedulerParameters and
    SlurmctldParameters, word by word; `booted_at` is when it was started. None where this way does
    not tell them, `preemption` either.
    """

    version: str
    cluster: str
    tres: tuple[str, ...]
    enforce: tuple[str, ...]
    gres_types: tuple[str, ...]
    min_job_age_s: int
    message_timeout_s: int
    max_array_size: int
    controllers_up: bool
    scheduler_parameters: tuple[str, ...] | None = None
    controller_parameters: tuple[str, ...] | None = None
    booted_at: float | None = None
    preemption: Preemption | None = None
