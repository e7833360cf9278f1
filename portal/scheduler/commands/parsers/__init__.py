"""What Slurm's commands print becomes plain data. Pure: text in, data out.

A whole answer that makes no sense raises `Unavailable`, because a question without a readable
answer has no answer. One row that makes no sense is handed back beside the others: somebody's job
name with a newline in it must not blind the portal.
"""

from portal.scheduler.commands.parsers.accounts import accounts, qos
from portal.scheduler.commands.parsers.nodes import nodes
from portal.scheduler.commands.parsers.reservations import reservations
from portal.scheduler.commands.parsers.site import site, version
from portal.scheduler.commands.parsers.tasks import history, job_id, queue

__all__ = [
    "accounts",
    "history",
    "job_id",
    "nodes",
    "qos",
    "queue",
    "reservations",
    "site",
    "version",
]
