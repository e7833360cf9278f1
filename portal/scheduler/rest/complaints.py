"""What a failed request meant: did nothing happen, may something have happened, or is it a no?

Numbers are those of slurm_errno.h (https://github.com/SchedMD/slurm/blob/master/slurm/slurm_errno.h).
v0.0.38 names them `error_code`, `error_number` or `errno`, and says "Unspecified error" (-1) where
slurmctld was silent as well as where it did not take the token.
"""

from __future__ import annotations

from portal.language import N_
from portal.scheduler.errors import (
    Ambiguous,
    ChangeRefused,
    NoOperator,
    NotPermitted,
    QuotaExceeded,
    Rejected,
    SchedulerError,
    Unavailable,
)
from portal.scheduler.rest.client import NoReply, Reply
from portal.scheduler.rest.payload import number, rows, table, text

# The controller was not reached: SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR.
_NOT_SENT = frozenset({1800})
# slurmctld (2…) or slurmrestd (9…) has read the request and said no. Standby controllers and
# internal errors say nothing about what became of it.
_NO = frozenset({*range(2000, 2200), *range(9000, 9300)}) - {2027, 2090, 2103}
_OVER_LIMIT = frozenset({2050})  # ESLURM_ACCOUNTING_POLICY
# Partition, permission, account, reservation, QOS, partition not available.
_CLOSED = frozenset({2000, 2002, 2045, 2052, 2053, 2066, 2070})
# No such job, in transition, already done, pending, not running, neither nor.
_GONE = frozenset({2017, 2020, 2021, 2024, 2084, 2085, 2086})
_NOTHING_FOUND = 9003
_NO_RESERVATION = 2053  # ESLURM_RESERVATION_INVALID
_NO_CHANGE = 1900  # SLURM_NO_CHANGE_IN_DATA: what was to go is gone
# No permission; and what slurmctld says of reservations to a user who is no operator.
_CLOSED_TO_OTHERS = frozenset({2002, 2010})
# How a token that is not taken shows itself: in words, or as no more than silence.
_MAYBE_TOKEN = frozenset({-1, 1007, 5005, 6000, 6006, 7000})
_TOKEN = frozenset({1007, 6000, 6006})
_NO_DATABASE = 7000  # ESLURM_DB_CONNECTION: slurmdbd is away, or turned the token down


def codes(reply: Reply) -> frozenset[int]:
    """The numbers of all errors in an answer."""
    found = (
        number(error.get(key))
        for error in rows(table(reply.body).get("errors"))
        for key in ("error_code", "error_number", "errno")
    )
    return frozenset(code for code in found if code)


def said(reply: Reply) -> str:
    """What the errors say, for staff."""
    sentences = [
        ": ".join(filter(None, (text(error.get("error")), text(error.get("description")))))
        for error in rows(table(reply.body).get("errors"))
    ]
    known = dict.fromkeys(filter(None, sentences))
    return f"slurmrestd answered {reply.status}: " + ("; ".join(known) or "no reason given")[:500]


def names_the_token(reply: Reply) -> bool:
    """The answer says itself that the token is not taken."""
    # One number for both; 24.11 tells them apart in words, 26.05 not at all.
    by_slurmdbd = is_slurmdbd_silent(reply) and "authentication error" in said(reply)
    return reply.status in (401, 403) or bool(codes(reply) & _TOKEN) or by_slurmdbd


def may_be_the_token(reply: Reply) -> bool:
    """The answer does not tell a token that is not taken from a controller that is silent."""
    return names_the_token(reply) or bool(codes(reply) & _MAYBE_TOKEN)


def is_slurmdbd_silent(reply: Reply) -> bool:
    """The answer is about slurmdbd, and does not say why that did not answer."""
    return _NO_DATABASE in codes(reply)


def of_silence(silence: NoReply) -> SchedulerError:
    """No answer to a submission."""
    return Ambiguous(silence.words) if silence.sent else Unavailable(silence.words)


def of_submission(reply: Reply) -> SchedulerError:
    """A submission without a job id. When in doubt: it may have happened."""
    numbers, words = codes(reply), said(reply)
    if numbers & _OVER_LIMIT:
        sentence = N_("The school has as much work in the queue as it may have.")
        return QuotaExceeded(sentence, words=words)
    if numbers & _CLOSED:
        sentence = N_("The computing centre does not let this work in; its staff can open it.")
        return NotPermitted(sentence, words=words)
    if numbers & _NOT_SENT or reply.status == 404:
        return Unavailable(words)
    # What slurmrestd itself cannot read comes as 400, with a -1 of its own beside.
    if reply.status == 400 or (numbers and numbers <= _NO):
        sentence = N_("The computing centre cannot do this piece of work.")
        return Rejected(sentence, words=words)
    return Ambiguous(words)


def of_order(reply: Reply) -> SchedulerError | None:
    """What a refused cancel or signal meant; None if the work is over already."""
    numbers, words = codes(reply), said(reply)
    if reply.status < 400 and not numbers:
        return None
    if numbers and numbers <= _GONE:
        return None
    if numbers & _CLOSED:
        sentence = N_("The computing centre does not let the portal change this work.")
        return NotPermitted(sentence, words=words)
    return Unavailable(words)


def of_change(reply: Reply) -> SchedulerError | None:
    """What a refused change of a reservation or an account meant; None if it is so already."""
    numbers, words = codes(reply), said(reply)
    silent = not rows(table(reply.body).get("errors"))
    if numbers == {_NO_CHANGE} or (reply.status == 200 and silent):
        return None
    if numbers & _CLOSED_TO_OTHERS:
        return NoOperator(words)
    # What slurmrestd itself cannot read has no number, or comes as 400 with a -1 beside.
    if reply.status not in (200, 400) and (not numbers or min(numbers) < _NO_CHANGE):
        return Unavailable(words)
    return ChangeRefused(words)


def of_deletion(reply: Reply) -> SchedulerError | None:
    """What a refusal to end a reservation meant; None if there is none of that name."""
    return None if codes(reply) == {_NO_RESERVATION} else of_change(reply)


def is_answer(reply: Reply) -> bool:
    """Whether a question was answered; "nothing found" is an answer too."""
    if reply.status != 200 or not isinstance(reply.body, dict):
        return False
    return codes(reply) <= {_NOTHING_FOUND}
