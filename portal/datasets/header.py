"""The first line of a table: the names of its columns, and which of them is the label."""

from __future__ import annotations

from collections import Counter

from portal.datasets.columns import number
from portal.datasets.limits import Limits
from portal.datasets.records import refusal
from portal.datasets.sentences import word, words
from portal.errors import Invalid
from portal.language import N_

NAME_CHARACTERS = 100


def names_of(cells: list[str], limits: Limits) -> list[str]:
    """The column names. Spreadsheets leave empty ones at the end, which are dropped.

    Raises `Invalid` for a header that is none.
    """
    names = list(cells)
    while names and not names[-1]:
        names.pop()
    if len(names) == 1:
        raise refusal(
            N_(
                "The table has only one column, “{name}”. It needs at least two, with commas "
                "between them: something to learn from, and the label.",
                name=word(names[0]),
            )
        )
    if len(names) > limits.table_columns:
        raise refusal(
            N_(
                "The table has {found} columns; at most {limit} are allowed.",
                found=len(names),
                limit=limits.table_columns,
            )
        )
    if all(number(name) is not None for name in names if name):
        raise refusal(
            N_(
                "The first line looks like data ({example}). "
                "Put a line with the names of the columns above it.",
                example=words(names),
            )
        )
    faults = [
        N_("Column {column} has no name in the first line.", column=place)
        for place, name in enumerate(names, 1)
        if not name
    ]
    faults += [
        N_(
            "The name of column {column} has characters that cannot be shown, or is longer than "
            "{limit} characters.",
            column=place,
            limit=NAME_CHARACTERS,
        )
        for place, name in enumerate(names, 1)
        if name and (len(name) > NAME_CHARACTERS or not name.isprintable())
    ]
    faults += [
        N_("{count} columns have the same name, “{name}”.", count=count, name=word(name))
        for name, count in Counter(names).items()
        if name and count > 1
    ]
    if faults:
        raise Invalid({"file": faults[:5]})
    return names


def label_of(names: list[str], chosen: str | None) -> str:
    """The label column: the chosen one, or the last. Raises `Invalid` where there is none such."""
    if chosen is None or not chosen.strip():
        return names[-1]
    if chosen.strip() not in names:
        raise Invalid.one(
            "label",
            N_(
                "There is no column “{label}”. The columns are: {columns}.",
                label=word(chosen.strip()),
                columns=", ".join(word(name) for name in names[:30]),
            ),
        )
    return chosen.strip()
