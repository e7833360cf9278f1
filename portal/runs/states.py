"""The states of a run. Success is one of the ends, never what is left when a job is not found."""

from __future__ import annotations

from enum import StrEnum

from portal.language import N_, Message


class RunState(StrEnum):
    """Where a run is between the button and the result."""

    WAITING = "waiting"
    SUBMITTED = "submitted"
    RUNNING = "running"
    FINISHING = "finishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to this attempt by itself."""
        return self in FINAL

    @property
    def label(self) -> Message:
        """The state's word on a tile."""
        return LABELS[self]


FINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST})
LIVE = frozenset(RunState) - FINAL

LABELS = {
    RunState.WAITING: N_("waiting"),
    RunState.SUBMITTED: N_("in the queue"),
    RunState.RUNNING: N_("training"),
    RunState.FINISHING: N_("finishing"),
    RunState.SUCCEEDED: N_("done"),
    RunState.FAILED: N_("failed"),
    RunState.CANCELLED: N_("stopped"),
    RunState.LOST: N_("lost"),
}
