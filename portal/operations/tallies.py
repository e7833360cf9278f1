"""What the agent counts. The totals live in the database, so that the agent needs no port.

A count is written in the transaction of the thing that it counts: an agent that is killed neither
loses one nor counts twice, and whichever worker of web is asked knows them all. Only
answers of Slurm's that told nothing new wait a few seconds for the next transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.store.tables import Tally

# What became of the submission of a batch.
SUBMISSIONS = ("accepted", "adopted", "in-doubt", "put-back", "refused", "sent-again")
# What Slurm said when it was asked about everything alive.
ANSWERS = ("complete", "incomplete", "none")


def submission(outcome: str) -> str:
    """The tally of submissions with this outcome, one of `SUBMISSIONS`."""
    return f"submission:{outcome}"


def reconciled(state: str) -> str:
    """The tally of runs that Slurm's answer and the job's own word moved into a state."""
    return f"reconciled:{state}"


def answer(kind: str) -> str:
    """The tally of answers of Slurm of this kind, one of `ANSWERS`."""
    return f"answer:{kind}"


def add(session: Session, counts: Mapping[str, int]) -> None:
    """Add to the tallies of these names, in the session's transaction."""
    for name in sorted(counts):
        raised = session.execute(
            update(Tally)
            .where(Tally.name == name)
            .values(total=Tally.total + counts[name])
            .returning(Tally.name)
            .execution_options(synchronize_session=False)
        )
        if raised.scalar() is None:
            session.add(Tally(name=name, total=counts[name]))
            session.flush()


def totals(session: Session) -> dict[str, int]:
    """Every tally so far; one that was never counted is missing."""
    return {tally.name: tally.total for tally in session.scalars(select(Tally))}
