"""What a failed command meant: did nothing happen, may something have happened, or is it a no?

The words are those of slurm_errno.c (https://github.com/SchedMD/slurm/blob/master/src/common/slurm_errno.c),
which are not translated and have kept for many versions.
"""

from __future__ import annotations

import re

from portal.language import N_
from portal.scheduler.commands.runner import Answer, NoAnswer
from portal.scheduler.errors import (
    Ambiguous,
    ChangeRefused,
    NoOperator,
    NotPermitted,
    QuotaExceeded,
    Rejected,
    SchedulerError,
    Unavailable,
    Unsupported,
)


def _words(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, phrases)), re.IGNORECASE)


# The request cannot have reached a controller.
_NOT_SENT = _words(
    "(connect failure)",
    "Connection refused",
    "Could not establish a configuration source",
    "Unable to process configuration file",
    "Munge encode failed",
    "No route to host",
    "Name or service not known",
)

# It may have reached one, and the answer was lost or came from none that decides.
_LOST = _words(
    "Socket timed out",
    "Zero Bytes were transmitted or received",
    "Unable to contact slurm controller",
    "Unexpected message received",
    "Communication",
    "connection",
    "Transport endpoint is not connected",
    "Broken pipe",
    "Message receive failure",
    "Message send failure",
    "Insane message length",
    "Header lengths are longer than data received",
    "Protocol authentication error",
    "Invalid authentication credential",
    "Munge decode failed",
    "standby mode",
    "Resource temporarily unavailable",
    "temporarily unable to accept job",
    "Unspecified error",
)

_OVER_LIMIT = _words(
    "Job violates accounting/QOS policy",
    "MaxSubmitJob",
    "GrpSubmitJob",
    "limit reached",
)

_CLOSED = _words(
    "Invalid account",
    "Invalid partition",
    "invalid partition specified",
    "Invalid qos",
    "Requested reservation is invalid",
    "Access denied to requested reservation",
    "Access/permission denied",
    "not permitted to use this partition",
    "Invalid user",
    "Job has invalid account or QOS",
    "Account or QOS",
)

_GONE = _words(
    "Invalid job id specified",
    "Job/step already completing or completed",
    "No active jobs match",
    "Job is in transition",
    "Job is pending execution",
    "Job is no longer pending execution",
    "Job not running",
)

# Of scontrol and sacctmgr: nothing had to be changed, or what was to go is gone.
_NOTHING_TO_DO = _words("Nothing new added", "Nothing modified", "Nothing deleted")
_GONE_RESERVATION = re.compile(r"delete_reservation .*: Requested reservation is invalid")

# slurmctld 22.05 says "Invalid user id" of a user who is no operator.
_NO_OPERATOR = _words(
    "Invalid user id",
    "Access/permission denied",
    "have privilege",
    "Only admins",
    "must have an AdminLevel",
)

_TOO_OLD = _words("not supported with reservations", "Function not implemented")


def of_submission(answer: Answer) -> SchedulerError:
    """What sbatch meant by failing. When in doubt: it may have happened."""
    words = answer.words
    if answer.code < 0:
        return Ambiguous(f"sbatch was ended by signal {-answer.code}: {words}")
    if _NOT_SENT.search(words):
        return Unavailable(words)
    if _LOST.search(words):
        return Ambiguous(words)
    if _OVER_LIMIT.search(words):
        return QuotaExceeded(
            N_("The school has as much work in the queue as it may have."), words=words
        )
    if _CLOSED.search(words):
        return NotPermitted(
            N_("The computing centre does not let this work in; its staff can open it."),
            words=words,
        )
    if "Batch job submission failed" in words or "sbatch: error" in words or answer.code == 1:
        return Rejected(N_("The computing centre cannot do this piece of work."), words=words)
    return Ambiguous(words)


def of_silence(silence: NoAnswer) -> SchedulerError:
    """sbatch did not come to an end, or did not begin."""
    return Ambiguous(silence.words) if silence.started else Unavailable(silence.words)


def of_question(answer: Answer) -> SchedulerError:
    """A query failed: whatever the words, there is no answer."""
    return Unavailable(answer.words)


def of_order(answer: Answer) -> SchedulerError | None:
    """What an order to our own work meant by failing; None where it only came too late.

    It is scancel's, or scontrol's for what waits. Of all errors scancel keeps only
    ESLURM_ALREADY_DONE to itself, and then fails without a word.
    """
    if answer.code < 0:
        return Unavailable(f"ended by signal {-answer.code}")
    lines = [line for line in answer.err.splitlines() if line.strip()]
    if all(_GONE.search(line) for line in lines):
        return None
    if _CLOSED.search(answer.words):
        return NotPermitted(
            N_("The computing centre does not let the portal change this work."), words=answer.words
        )
    return Unavailable(answer.words)


def of_change(answer: Answer) -> SchedulerError | None:
    """What scontrol or sacctmgr meant by failing to change something; None if it is so already."""
    words = answer.words
    if answer.code < 0:
        return Unavailable(f"ended by signal {-answer.code}: {words}")
    if _NO_OPERATOR.search(words):
        return NoOperator(words)
    if _NOT_SENT.search(words) or _LOST.search(words):
        return Unavailable(words)
    if _TOO_OLD.search(words):
        return Unsupported(words)
    if _NOTHING_TO_DO.search(answer.out) or _GONE_RESERVATION.search(words):
        return None
    return ChangeRefused(words)
