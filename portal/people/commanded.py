"""What somebody on the portal's own machine changes by a command, as the audit log has it.

Such a person has no account in the portal: whoever may read its database may do all of this. The
log has the name on that machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.language import N_, Message
from portal.store.tables import AuditEntry

ROLE = "command"
LABEL = N_("by a command on the portal's machine")
WORDS: Mapping[str, Message] = {
    "command.schools.add": N_("added a school"),
    "command.schools.set": N_("changed what a school may use"),
    "command.schools.off": N_("switched a school off"),
    "command.schools.on": N_("switched a school on"),
    "command.schools.templates": N_("chose the templates of a school"),
    "command.schools.apply": N_("changed a school's account in Slurm"),
    "command.people.add": N_("added a person"),
    "command.people.password": N_("gave a person a new password"),
    "command.people.hand-over": N_("handed a person over to the directory"),
    "command.people.close": N_("kept a person out"),
    "command.people.reopen": N_("let a person in again"),
    "command.classes.add": N_("made a class"),
    "command.seats.cards": N_("made cards with new PINs"),
    "command.school-data.delete": N_("had something deleted"),
    "command.school-data.take-home": N_("took everything of a school or class home"),
    "command.data.import": N_("brought in a data set of the centre"),
    "command.tokens.issue": N_("got a token for a script"),
    "command.tokens.end": N_("revoked a token"),
}
"""What was done, in words, by its name."""


def note_command(
    session: Session, actor: str, what: str, *, school_id: str | None, thing: str
) -> None:
    """Write down, in the transaction that changes it, what `actor` (user@host) does to a thing."""
    name = f"command.{what}"
    if name not in WORDS:
        raise LookupError(name)
    session.add(
        AuditEntry(
            at=time.time(),
            actor_id=actor,
            actor=actor,
            role=ROLE,
            what=name,
            thing=thing,
            school_id=school_id,
        )
    )
