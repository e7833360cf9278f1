"""The Slurm boundary: one protocol, several backends, one table of states."""

from portal.scheduler.accounts import AccountStatus, AccountWish, Change, Field, Limit, changes
from portal.scheduler.choose import Choice, choice, open_scheduler
from portal.scheduler.errors import (
    Ambiguous,
    NotPermitted,
    QuotaExceeded,
    Rejected,
    SchedulerError,
    Unavailable,
    Unsupported,
)
from portal.scheduler.protocol import (
    NO_ARRAY,
    ArrayRequest,
    GresCount,
    NodeState,
    NodeStatus,
    Scheduler,
    Snapshot,
    SubmittedArray,
    TaskStatus,
)
from portal.scheduler.qos import QosStatus, QosWish, qos_changes
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.site import Preemption, Site
from portal.scheduler.states import STATES, JobState, Phase, parse_state

__all__ = [
    "NO_ARRAY",
    "STATES",
    "AccountStatus",
    "AccountWish",
    "Ambiguous",
    "ArrayRequest",
    "Change",
    "Choice",
    "Field",
    "GresCount",
    "JobState",
    "Limit",
    "NodeState",
    "NodeStatus",
    "NotPermitted",
    "Phase",
    "Preemption",
    "QosStatus",
    "QosWish",
    "QuotaExceeded",
    "Rejected",
    "Reservation",
    "ReservationRequest",
    "Scheduler",
    "SchedulerError",
    "Site",
    "Snapshot",
    "SubmittedArray",
    "TaskStatus",
    "Unavailable",
    "Unsupported",
    "changes",
    "choice",
    "open_scheduler",
    "parse_state",
    "qos_changes",
]
