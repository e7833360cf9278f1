"""Why a run is in its state: a code, and one sentence that a ten-year-old understands.

A sentence says what happened and what to do. The raw words of Slurm are kept beside the code for
staff. Codes come from the job (`status.json`), from Slurm (`of_slurm`) or from the portal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from portal.language import N_, Message

UNKNOWN = "checking"


@dataclass(frozen=True)
class Reason:
    """A reason; `retry` says whether the same training again may well go better."""

    code: str
    child: Message
    retry: bool = False


# What a job writes into status.json; job_templates/runtime has the same codes, and a test of
# them both.
OF_THE_JOB = (
    Reason("data-unreadable", N_("The data could not be read. Please tell your teacher.")),
    Reason("too-little-data", N_("There is too little data to learn from. Add more examples.")),
    Reason(
        "environment-missing",
        N_("The computer lacks a program that this training needs. Please tell your teacher."),
    ),
    Reason(
        "gpu-memory",
        N_("Your model did not fit into its share of the graphics card. Try smaller settings."),
    ),
    Reason("out-of-memory", N_("Your training needed too much memory. Try smaller settings.")),
    Reason(
        "program-error",
        N_("The training program stumbled. Try again; if it happens twice, tell your teacher."),
        retry=True,
    ),
    Reason("stopped-by-signal", N_("The training was stopped before it was done."), retry=True),
    Reason(
        "not-a-number",
        N_("The numbers grew too large to learn from. Try a smaller learning rate."),
    ),
)

OF_THE_QUEUE = (
    Reason("waiting-for-share", N_("All shares are in use. Yours comes as soon as one is free.")),
    Reason(
        "waiting-for-school-share",
        N_("Your school uses all of its shares. Yours comes as soon as one is free."),
    ),
    Reason(
        "waiting-for-school-hours",
        N_("Your school has used up its computing hours for now. Please tell your teacher."),
    ),
    Reason("waiting-for-priority", N_("You are in the queue. Your turn comes soon.")),
    Reason("waiting-for-node", N_("The computers are being made ready. Please wait a little.")),
    Reason("waiting-for-reservation", N_("The computers are booked. Yours starts at its time.")),
    Reason("held-by-staff", N_("Your training is on hold. Please tell your teacher.")),
    Reason("starting", N_("The computer is getting ready for you.")),
    Reason("paused", N_("Your training takes a short break and goes on by itself.")),
    Reason("requeued", N_("The computer had a problem. Your training starts again by itself.")),
    Reason(
        "storage-refuses",
        N_("The centre's storage does not take your training just now. Please tell your teacher."),
    ),
    Reason("no-answer-from-slurm", N_("The centre does not answer just now. Nothing is lost.")),
    Reason(UNKNOWN, N_("We are looking what became of your training. Please wait a moment.")),
)

OF_THE_END = (
    Reason("time-limit", N_("Time was up before the training was done. Try fewer rounds.")),
    Reason("node-failed", N_("The computer broke down. Please try again."), retry=True),
    Reason("preempted", N_("The computer was needed for other work. Try again."), retry=True),
    Reason("cancelled-by-teacher", N_("Your teacher stopped this training."), retry=True),
    Reason("cancelled-by-pupil", N_("You stopped this training."), retry=True),
    Reason("cancelled-in-slurm", N_("The centre stopped this training."), retry=True),
    Reason(
        "refused-by-slurm",
        N_("The centre did not accept this training. Please tell your teacher."),
        retry=True,
    ),
    Reason(
        "result-missing",
        N_("The training ended, and its result did not come back. Please try again."),
        retry=True,
    ),
    Reason("lesson-ended", N_("The lesson ended before this training could start.")),
)


def _table(*groups: Iterable[Reason]) -> Mapping[str, Reason]:
    return MappingProxyType({reason.code: reason for group in groups for reason in group})


REASONS = _table(OF_THE_JOB, OF_THE_QUEUE, OF_THE_END)


def reason_of(code: str | None) -> Reason | None:
    """The reason behind a run's code; a code that nobody knows is "checking", never a crash."""
    if code is None:
        return None
    return REASONS.get(code, REASONS[UNKNOWN])


# Slurm's words for a waiting job, as squeue's %r prints them:
# https://slurm.schedmd.com/job_reason_codes.html
_EXACT: Mapping[str, str] = MappingProxyType(
    {
        "": "waiting-for-priority",
        "None": "waiting-for-priority",
        "Priority": "waiting-for-priority",
        "Resources": "waiting-for-share",
        "JobArrayTaskLimit": "waiting-for-priority",
        "Dependency": "waiting-for-priority",
        "BeginTime": "requeued",
        "Cleaning": "requeued",
        "Reservation": "waiting-for-reservation",
        "ReservationDeleted": "held-by-staff",
        "NodeDown": "waiting-for-node",
        "PartitionDown": "waiting-for-node",
        "PartitionInactive": "waiting-for-node",
        "Prolog": "waiting-for-node",
        "FrontEndDown": "waiting-for-node",
        "Licenses": "waiting-for-share",
        "JobHeldAdmin": "held-by-staff",
        "JobHeldUser": "held-by-staff",
        "AccountNotAllowed": "held-by-staff",
        "AccountingPolicy": "waiting-for-school-share",
        "BadConstraints": "held-by-staff",
        "InvalidAccount": "held-by-staff",
        "InvalidQOS": "held-by-staff",
        "PartitionNodeLimit": "held-by-staff",
        "PartitionTimeLimit": "held-by-staff",
        "QOSNotAllowed": "held-by-staff",
        "Constraints": "held-by-staff",
        "TimeLimit": "time-limit",
        "OutOfMemory": "out-of-memory",
        "NonZeroExitCode": "program-error",
    }
)
# Used up, and not used at the moment: AssocGrpGRESMinutes, QOSGrpCPUMinutesLimit; but
# AssocGrpGRESRunMinutes is about what runs now.
_HOURS = re.compile(r"(?:Assoc|QOS)Grp[A-Za-z]*(?<!Run)Min")
# Whole families: AssocGrpGRES, QOSGrpCpuLimit, AssocMaxJobsLimit, MaxGRESPerAccount,
# "ReqNodeNotAvail, UnavailableNodes:g1", "Nodes_required_for_job_are_DOWN,_DRAINED_or…".
_FAMILIES = (
    ("AssocGrp", "waiting-for-school-share"),
    ("AssocMax", "waiting-for-school-share"),
    ("QOSGrp", "waiting-for-school-share"),
    ("QOSMax", "waiting-for-school-share"),
    ("QOSMin", "held-by-staff"),
    ("QOSJobLimit", "waiting-for-school-share"),
    ("QOSResourceLimit", "waiting-for-school-share"),
    ("QOSTimeLimit", "held-by-staff"),
    ("QOSUsageThreshold", "waiting-for-school-share"),
    ("AssociationJobLimit", "waiting-for-school-share"),
    ("AssociationResourceLimit", "waiting-for-school-share"),
    ("AssociationTimeLimit", "held-by-staff"),
    ("Max", "waiting-for-school-share"),
    ("ReqNodeNotAvail", "waiting-for-node"),
    ("Nodes_required", "waiting-for-node"),
    ("Nodes required", "waiting-for-node"),
    ("NodesNotAvail", "waiting-for-node"),
    ("launch_failed_requeued_held", "held-by-staff"),
    ("launch failed requeued held", "held-by-staff"),
    ("job_requeued_in_held_state", "held-by-staff"),
    ("job requeued in held state", "held-by-staff"),
)


def of_slurm(words: str) -> str:
    """The code for the reason that Slurm gives for a job; "checking" for one never heard of."""
    words = words.strip().strip("()")
    exact = _EXACT.get(words)
    if exact is not None:
        return exact
    if _HOURS.match(words):
        return "waiting-for-school-hours"
    return next((code for start, code in _FAMILIES if words.startswith(start)), UNKNOWN)
