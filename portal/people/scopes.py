"""What a token may be used for: never more than its owner may do, and often less."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from portal.language import N_, Message


class Scope(StrEnum):
    """A part of what the API can do; every route of it asks for one."""

    READ = "read"
    TRAIN = "train"
    DATA = "data"
    MANAGE = "manage"

    @property
    def label(self) -> Message:
        """What it allows, in words."""
        return LABELS[self]


LABELS = {
    Scope.READ: N_("look at classes, lessons, trainings and results"),
    Scope.TRAIN: N_("start, stop and repeat trainings and lessons"),
    Scope.DATA: N_("bring in and remove data sets"),
    Scope.MANAGE: N_("change classes, cards, terms, people, schools and tokens; delete for ever"),
}
EVERYTHING = frozenset(Scope)
# What a lesson takes; who wants a script to change people has to say so.
USUAL = frozenset({Scope.READ, Scope.TRAIN, Scope.DATA})


def kept(scopes: Iterable[Scope]) -> str:
    """Scopes as the database keeps them: their names in one order, with spaces between."""
    chosen = frozenset(scopes)
    return " ".join(scope.value for scope in Scope if scope in chosen)


def found(words: str) -> frozenset[Scope]:
    """The scopes that `kept` has written."""
    return frozenset(map(Scope, words.split()))
