"""Two agents by mistake: one works, the other waits and takes over when the first falls silent."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.store.tables import Lease

NAME = "agent"
# Those who read how old Slurm's last answer is look for tens of seconds; noting it more often would
# be a transaction a second that says nothing.
NOTE_EVERY_S = 5.0


def new_holder() -> str:
    """A name for this process that no other has had, and by which its like can see it gone."""
    pid = os.getpid()
    parts = [socket.gethostname(), pid, _started(pid), _process_ids(), uuid.uuid4().hex[:8]]
    return ":".join(map(str, parts))


def has_gone(holder: str) -> bool:
    """Whether that process has surely ended. One that cannot be looked at may well live."""
    _, _, known = holder.partition(":")
    pid, started, process_ids, _ = (known.split(":") + [""] * 4)[:4]
    if not pid.isdigit() or not process_ids or process_ids != _process_ids():
        return False
    return started != _started(int(pid))


def _process_ids() -> str:
    """Names this start of this machine and, in a container, its own numbering of processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return f"{boot}/{space}"


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine's start; "" where there is none.

    An id is given out again; id and start together are not. One that was killed and that nobody
    has buried yet (state Z, X) does nothing any more.
    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    # The name, in brackets, may hold anything; nothing behind its last bracket does.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def hold(session: Session, holder: str, now: float, seconds: float) -> bool:
    """Take or renew the lease until `now + seconds`; False while another agent holds it.

    An agent that was killed holds nothing: one that is started on the same machine goes on at
    once. On another machine nobody can see that, and the lease has to run out.

    Called in the transaction of every write that must not be made twice, so that an agent that
    was stopped for a while finds out before it acts on what it remembers.
    """
    lease = session.get(Lease, NAME, with_for_update=True, populate_existing=True)
    if lease is None:
        session.add(Lease(name=NAME, holder=holder, until=now + seconds, renewed_at=now))
        session.flush()
        return True
    if lease.holder != holder and lease.until > now and not has_gone(lease.holder):
        return False
    lease.holder, lease.until, lease.renewed_at = holder, now + seconds, now
    return True


def release(session: Session, holder: str) -> None:
    """Let the next agent begin at once."""
    lease = session.get(Lease, NAME, with_for_update=True)
    if lease is not None and lease.holder == holder:
        lease.until = 0.0


def note_answer(session: Session, now: float, error: str | None) -> None:
    """Write down when Slurm last answered, or the words with which it did not."""
    lease = session.get(Lease, NAME)
    if lease is not None:
        lease.slurm_error = error
        if error is None:
            lease.slurm_answered_at = now


def answer_is_due(session: Session, now: float) -> bool:
    """Whether a good answer of Slurm's is to be written down; a fault is taken back at once."""
    noted = session.execute(
        select(Lease.slurm_answered_at, Lease.slurm_error).where(Lease.name == NAME)
    ).one_or_none()
    if noted is None or noted.slurm_answered_at is None or noted.slurm_error is not None:
        return True
    return bool(now - noted.slurm_answered_at >= NOTE_EVERY_S)
