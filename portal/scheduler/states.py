"""One table of Slurm's job states, and what each means for a run.

Slurm's state is one base and any number of flags. Some commands print both, some only the flag
that their own table puts first (a job that is "COMPLETING" hides how it ended). The names are
those of `enum job_states` and the `JOB_*` flags in slurm.h up to Slurm 26.05
(https://github.com/SchedMD/slurm/blob/master/slurm/slurm.h,
https://slurm.schedmd.com/job_state_codes.html). A name that is not in the table makes the whole
state unknown ("checking"), which is logged once: never a crash, and never an end.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from portal.language import N_, Message

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Where in its life a task is, as far as a run needs to know."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    ENDING = "ending"  # the outcome is not final yet
    REVIVING = "reviving"  # it will run again under the same id
    HELD = "held"  # only staff can set it free
    ENDED = "ended"
    UNKNOWN = "unknown"  # "checking"


@dataclass(frozen=True, slots=True)
class StateRow:
    """One name of the table.

    A `quiet` flag tells about a job without changing where it is in its life: beside a base the
    base decides, and only alone does the flag's own phase count.
    """

    name: str
    phase: Phase
    words: Message
    flag: bool = False
    quiet: bool = False


_ROWS = (
    StateRow("PENDING", Phase.PENDING, N_("waits in the queue")),
    StateRow("RUNNING", Phase.RUNNING, N_("runs")),
    StateRow("SUSPENDED", Phase.PAUSED, N_("suspended by the centre, keeps its place")),
    StateRow("COMPLETED", Phase.ENDED, N_("ended with exit code 0")),
    StateRow("CANCELLED", Phase.ENDED, N_("cancelled")),
    StateRow("FAILED", Phase.ENDED, N_("ended with an exit code that is not 0")),
    StateRow("TIMEOUT", Phase.ENDED, N_("stopped at its time limit")),
    StateRow("NODE_FAIL", Phase.ENDED, N_("its node failed")),
    StateRow("PREEMPTED", Phase.ENDED, N_("made way for other work")),
    StateRow("BOOT_FAIL", Phase.ENDED, N_("its node could not be started")),
    StateRow("DEADLINE", Phase.ENDED, N_("could not end before its deadline")),
    StateRow("OUT_OF_MEMORY", Phase.ENDED, N_("used more memory than it asked for")),
    StateRow("LAUNCH_FAILED", Phase.ENDED, N_("could not be launched"), flag=True, quiet=True),
    StateRow(
        "GETENV_FAILED", Phase.HELD, N_("its user's environment failed"), flag=True, quiet=True
    ),
    StateRow("REQUEUED", Phase.REVIVING, N_("goes back to the queue"), flag=True),
    StateRow("REQUEUE_HOLD", Phase.HELD, N_("went back to the queue and is held"), flag=True),
    StateRow("SPECIAL_EXIT", Phase.HELD, N_("held after a special exit"), flag=True),
    StateRow("RESIZING", Phase.RUNNING, N_("changes its size"), flag=True, quiet=True),
    StateRow("CONFIGURING", Phase.STARTING, N_("its node is made ready"), flag=True),
    StateRow("COMPLETING", Phase.ENDING, N_("ends; the node cleans up"), flag=True),
    StateRow("STOPPED", Phase.PAUSED, N_("stopped by a signal, keeps its place"), flag=True),
    StateRow("RECONFIG_FAIL", Phase.REVIVING, N_("node set-up failed"), flag=True, quiet=True),
    StateRow("POWER_UP_NODE", Phase.STARTING, N_("its node is powered up"), flag=True),
    StateRow("REVOKED", Phase.UNKNOWN, N_("a sibling on another cluster took over"), flag=True),
    StateRow("REQUEUE_FED", Phase.REVIVING, N_("requeued by the federation"), flag=True),
    StateRow("RESV_DEL_HOLD", Phase.HELD, N_("held: its reservation was deleted"), flag=True),
    StateRow("SIGNALING", Phase.RUNNING, N_("is sent a signal"), flag=True, quiet=True),
    StateRow("STAGE_OUT", Phase.ENDING, N_("its data is staged out"), flag=True),
    StateRow("EXPEDITING", Phase.REVIVING, N_("may be requeued ahead of others"), flag=True),
)

STATES: Mapping[str, StateRow] = MappingProxyType({row.name: row for row in _ROWS})

# Where flags disagree, the one that is furthest from an end speaks.
_LOUDEST_FIRST = (
    Phase.UNKNOWN,
    Phase.HELD,
    Phase.REVIVING,
    Phase.ENDING,
    Phase.PAUSED,
    Phase.STARTING,
    Phase.RUNNING,
    Phase.PENDING,
    Phase.ENDED,
)

_LIVE = frozenset(
    {
        Phase.PENDING,
        Phase.STARTING,
        Phase.RUNNING,
        Phase.PAUSED,
        Phase.ENDING,
        Phase.REVIVING,
        Phase.HELD,
    }
)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job's state: at most one base, any flags, and what Slurm printed."""

    base: str
    flags: frozenset[str] = frozenset()
    raw: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Base and flags together."""
        return self.flags | {self.base} if self.base else self.flags

    @property
    def phase(self) -> Phase:
        """Where in its life the task is; UNKNOWN as soon as one name is unheard of."""
        return _phase(self.base, self.flags)

    @property
    def live(self) -> bool:
        """Slurm may still do something with it."""
        return self.phase in _LIVE

    @property
    def ended(self) -> bool:
        """It is over, and `outcome` says how."""
        return self.phase is Phase.ENDED

    @property
    def needs_staff(self) -> bool:
        """It will wait for ever unless a person of the centre acts."""
        return self.phase is Phase.HELD

    @property
    def unknown(self) -> bool:
        """Slurm's word says nothing to us: keep looking."""
        return self.phase is Phase.UNKNOWN

    @property
    def outcome(self) -> str | None:
        """How it ended, in Slurm's word, once it has ended."""
        if not self.ended:
            return None
        return "LAUNCH_FAILED" if "LAUNCH_FAILED" in self.flags else self.base

    @property
    def succeeded(self) -> bool:
        """Ended well by Slurm's account; the job's own word is needed beside it."""
        return self.outcome == "COMPLETED"

    @property
    def may_revive(self) -> bool:
        """Ended, and yet Slurm may run it again under the same id where requeueing is allowed."""
        return self.outcome in {"NODE_FAIL", "PREEMPTED", "BOOT_FAIL"}

    def __str__(self) -> str:
        return self.raw or "+".join([self.base, *sorted(self.flags)])


# An answer about thousands of tasks says the same few states thousands of times.
@lru_cache(maxsize=256)
def _phase(base: str, flags: frozenset[str]) -> Phase:
    names = JobState(base, flags).names
    if not names or not names <= STATES.keys():
        return Phase.UNKNOWN
    loud = [STATES[name].phase for name in flags if not (base and STATES[name].quiet)]
    if not loud:
        return STATES[base].phase
    return min(loud, key=_LOUDEST_FIRST.index)


# "CANCELLED by 1000" is accounting's way to say who did it.
_CANCELLED_BY = re.compile(r"\bby\s+\S+")
_NAME = re.compile(r"[A-Za-z][A-Za-z_]*")
_SHOWN = 40  # characters of a name that is in no table


@lru_cache(maxsize=256)
def parse_state(text: str) -> JobState:
    """The state in Slurm's words, as any of its commands prints it. Never raises.

    Reads "RUNNING", "COMPLETED,COMPLETING" and "CANCELLED by 1000" alike.
    """
    raw = text.strip()
    names = [name.upper() for name in _NAME.findall(_CANCELLED_BY.sub("", raw))]
    bases = [name for name in names if name in STATES and not STATES[name].flag]
    # Two bases at once are nonsense; the second then counts as an unheard-of flag would.
    base = bases[0] if len(bases) == 1 else ""
    flags = frozenset(name for name in names if name != base)
    if len(bases) > 1:
        flags |= {"SEVERAL_BASES"}
    for name in flags - STATES.keys():
        _tell_once(name[:_SHOWN])
    return JobState(base, flags, raw)


@lru_cache(maxsize=256)
def _tell_once(name: str) -> None:
    """A newer Slurm says something that the table must learn. Polls repeat it; the log does not."""
    log.warning("Slurm's state is in no table: checking", extra={"state": name})
