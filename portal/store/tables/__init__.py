"""The tables. Ids are UUIDs as text; times are UTC seconds since 1970 as floats.

A table with a mixin `OfSchool` or `OfSchoolOrCentre` belongs to a tenant: `portal.store.database`
adds the school to every statement on it, so that no query can forget.
"""

from portal.store.tables.agent import ClusterView, Lease, Tally
from portal.store.tables.base import Base, new_id
from portal.store.tables.people import (
    Allowance,
    AuditEntry,
    School,
    SchoolClass,
    Seat,
    Token,
    User,
)
from portal.store.tables.privacy import Consent, Erasure, Term
from portal.store.tables.work import Answered, Batch, Content, DataSet, Lesson, Run, Usage

__all__ = [
    "Allowance",
    "Answered",
    "AuditEntry",
    "Base",
    "Batch",
    "ClusterView",
    "Consent",
    "Content",
    "DataSet",
    "Erasure",
    "Lease",
    "Lesson",
    "Run",
    "School",
    "SchoolClass",
    "Seat",
    "Tally",
    "Term",
    "Token",
    "Usage",
    "User",
    "new_id",
]
