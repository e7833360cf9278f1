"""LDAP against a real slapd that is stopped, ended or slow, and against servers that lie.

The trouble is that of `scripts/bench ldap`, which measures more.
"""

from __future__ import annotations

from stage import slapd
from stage.bench.ldap import NAMES, TURNS, is_wrong, rates, trouble
from stage.checkout import alone
from stage.security.outcome import Outcome

LOGINS, THREADS = 100, 4


def tried(_tries: int) -> Outcome:
    """Two logins in each trouble, with no other server and with an honest one behind."""
    outcome, slowest = Outcome(), 0.0
    try:
        with alone():
            one, other = (slapd.up(name) for name in NAMES)
        for way, measured in rates(one, LOGINS, THREADS).items():
            outcome.seen[f"{way}, logins/s"] = measured["logins_per_s"]
        for name, found in trouble(one, other).items():
            outcome.tries += 2
            if is_wrong(name, found):
                outcome.fails(f"{name}: {found}")
            slowest = max(slowest, *(found[turn]["seconds"] for turn in TURNS))
        outcome.seen["slowest answer, s"] = slowest
    finally:
        for name in NAMES:
            slapd.down(name)
    return outcome
