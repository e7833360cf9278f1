"""The rows of `scripts/bench security`: what each tries, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row; its module is `stage.security.<name>`."""

    purpose: str
    tries: int
    quick: int
    waits: bool = False  # for Slurm or a directory most of the time, while others compute


# A row whose number is 0 has a size of its own: it tries all that there is.
ROWS: Mapping[str, Row] = {
    "access": Row("every route, for every role, of its own school and of another's", 0, 0),
    "parameters": Row(
        "hostile texts as parameters: typed values, the same script, the same options",
        100_000,
        2_000,
    ),
    "jobs": Row(
        "the same on a real Slurm: attributes, variables and arguments of each", 1_000, 80, True
    ),
    "canary": Row("secrets, searched for wherever a lesson leaves words", 0, 0, True),
    "archives": Row("hostile archives, pictures and tables in the worker", 2_000, 200),
    "texts": Row("hostile texts in every place that shows one, in Chromium", 500, 50),
    "accessibility": Row("axe-core on every page: language, theme, screen, role", 0, 1),
    "links": Row("downloads while a job swaps its files for links to a secret", 10_000, 500),
    "logins": Row(
        "guesses in an hour, beside forty honest pupils from the same address", 4_000, 400
    ),
    "quota": Row("two hundred submissions at once for a school's last share", 500, 4, True),
    "ldap": Row("a directory that is stopped, slow or lies (all of it: bench ldap)", 0, 0, True),
    "contract": Row("what the API's document allows and forbids, by schemathesis", 20, 1),
}
