"""The Slurm boundary: one protocol, several backends, one table of states."""

from portal.scheduler.choose import Choice, choice, open_scheduler
from portal.scheduler.errors import (
    Ambiguous,
    NotPermitted,
    QuotaExceeded,
    Rejected,
    SchedulerError,
    Unavailable,
)
from portal.scheduler.protocol import (
    NO_ARRAY,
    AccountStatus,
    ArrayRequest,
    GresCount,
    NodeState,
    NodeStatus,
    Scheduler,
    Site,
    Snapshot,
    SubmittedArray,
    TaskStatus,
)
from portal.scheduler.states import STATES, JobState, Phase, parse_state

__all__ = [
    "NO_ARRAY",
    "STATES",
    "AccountStatus",
    "Ambiguous",
    "ArrayRequest",
    "Choice",
    "GresCount",
    "JobState",
    "NodeState",
    "NodeStatus",
    "NotPermitted",
    "Phase",
    "QuotaExceeded",
    "Rejected",
    "Scheduler",
    "SchedulerError",
    "Site",
    "Snapshot",
    "SubmittedArray",
    "TaskStatus",
    "Unavailable",
    "choice",
    "open_scheduler",
    "parse_state",
]
