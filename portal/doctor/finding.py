"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.language import N_, Message


class Verdict(StrEnum):
    """How bad it is. `skipped` says that something before it has to be put right first."""

    OK = "ok"
    WARN = "warn"
    FAULT = "fault"
    SKIPPED = "skipped"

    @property
    def label(self) -> Message:
        """The verdict's word in a table."""
        return LABELS[self]


LABELS = {
    Verdict.OK: N_("good"),
    Verdict.WARN: N_("look"),
    Verdict.FAULT: N_("fault"),
    Verdict.SKIPPED: N_("not looked at"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the examination. `code` names the check for scripts; `advice` is what to do."""

    code: str
    verdict: Verdict
    found: Message
    advice: Message | None = None


def ok(code: str, found: Message) -> Finding:
    """All is well."""
    return Finding(code, Verdict.OK, found)


def warn(code: str, found: Message, advice: Message) -> Finding:
    """It works, and may not be what the site wants."""
    return Finding(code, Verdict.WARN, found, advice)


def fault(code: str, found: Message, advice: Message) -> Finding:
    """Lessons will fail until this is put right."""
    return Finding(code, Verdict.FAULT, found, advice)


def skipped(code: str, found: Message) -> Finding:
    """Nothing can be said."""
    return Finding(code, Verdict.SKIPPED, found)
