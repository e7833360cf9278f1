"""Schools: each a Slurm account, and the tenant of everything else."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.errors import Invalid, NotFound
from portal.language import N_, Message
from portal.people.names import fault_of_account, fault_of_name, fault_of_slug
from portal.people.viewer import Viewer
from portal.store.tables import School

Faults = dict[str, list[Message]]


def add_school(session: Session, *, slug: str, name: str, slurm_account: str) -> School:
    """Add a school. Raises `Invalid` with every fault (slug, name, slurm_account)."""
    faults = faults_of(session, slug=slug, name=name, slurm_account=slurm_account)
    if faults:
        raise Invalid(faults)
    school = School(slug=slug, name=name.strip(), slurm_account=slurm_account)
    session.add(school)
    session.flush()
    return school


def faults_of(
    session: Session, *, slug: str, name: str, slurm_account: str, of: School | None = None
) -> Faults:
    """What is wrong with what a new school would be called, or the school `of` from now on."""
    taken = session.scalars(
        select(School).where(or_(School.slug == slug, School.slurm_account == slurm_account))
    )
    others = [school for school in taken if of is None or school.id != of.id]
    faults: dict[str, Message | None] = {
        "slug": fault_of_slug(slug),
        "name": fault_of_name(name),
        "slurm_account": fault_of_account(slurm_account),
    }
    if any(school.slug == slug for school in others):
        faults["slug"] = N_("There is a school {slug} already.", slug=slug)
    if any(school.slurm_account == slurm_account for school in others):
        faults["slurm_account"] = N_("Another school has the account {name}.", name=slurm_account)
    return {field: [fault] for field, fault in faults.items() if fault is not None}


def choose_templates(school: School, known: Collection[str], used: Collection[str]) -> None:
    """Of the site's `known` templates the school uses these, and those that the site gets later.

    One that the site does not have just now stays as it was chosen when it was there.
    """
    gone = set(school.templates_off) - set(known)
    school.templates_off = sorted(gone | (set(known) - set(used)))


def list_schools(session: Session) -> list[School]:
    """Every school, by name."""
    return list(session.scalars(select(School).order_by(School.name, School.id)))


def get_school(session: Session, id_or_slug: str) -> School:
    """A school by id or slug; raises `NotFound`."""
    wanted = or_(School.id == id_or_slug, School.slug == id_or_slug)
    school = session.scalar(select(School).where(wanted))
    if school is None:
        raise _no_such_school()
    return school


def school_of(session: Session, viewer: Viewer, id_or_slug: str) -> School:
    """A school that the viewer is of, or any for staff; raises `NotFound` for all others."""
    school = get_school(session, id_or_slug)
    if not viewer.is_staff and school.id != viewer.school_id:
        raise _no_such_school()
    return school


def _no_such_school() -> NotFound:
    return NotFound(N_("There is no such school."))
