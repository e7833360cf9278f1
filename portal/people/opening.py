"""A school in one go: its names, what it may use, and the first person who looks after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.people import accounts, passwords, schools
from portal.people.limits import set_limits, set_partitions
from portal.people.names import fault_of_name
from portal.people.viewer import Role
from portal.store.tables import School, User


@dataclass(frozen=True, kw_only=True)
class SchoolWish:
    """What staff write down of a school; None leaves a limit to the centre's own hand in Slurm.

    `guaranteed` is None for no guaranteed part, and `partitions` is () for those of the settings.
    """

    slug: str
    name: str
    slurm_account: str
    shares: int | None
    share_hours: int | None
    guaranteed: int | None = None
    partitions: tuple[str, ...] = ()

    @classmethod
    def of(cls, school: School) -> Self:
        """What is written down of a school now."""
        return cls(
            slug=school.slug,
            name=school.name,
            slurm_account=school.slurm_account,
            shares=school.shares,
            share_hours=school.share_hours,
            guaranteed=school.guaranteed,
            partitions=tuple(school.partitions),
        )


@dataclass(frozen=True)
class Welcome:
    """Somebody new, and the password to begin with: kept nowhere, so it is shown this once."""

    user: User
    password: str


def open_school(
    session: Session, wish: SchoolWish, admin: str, admin_name: str = ""
) -> tuple[School, Welcome | None]:
    """Add a school; with a login for `admin` also its first administrator.

    Raises `Invalid` with every fault (slug, name, slurm_account, shares, share_hours, guaranteed,
    partitions, admin, admin_name), and then nothing is added.
    """
    school = School(slug=wish.slug, name=wish.name.strip(), slurm_account=wish.slurm_account)
    faults = _faults(session, school, wish)
    called = admin_name.strip() or admin
    if admin:
        of_admin = {
            "admin": accounts.fault_of_new_login(session, admin),
            "admin_name": fault_of_name(called),
        }
        faults |= {field: [fault] for field, fault in of_admin.items() if fault is not None}
    if faults:
        raise Invalid(faults)
    session.add(school)
    session.flush()
    if not admin:
        return school, None
    return school, welcome(session, admin, called, Role.SCHOOL_ADMIN, school.id)


def change_school(session: Session, school: School, wish: SchoolWish) -> None:
    """Write down what a school is called and may use from now on; its short name stays.

    Raises `Invalid` with every fault (name, slurm_account, shares, share_hours, guaranteed,
    partitions).
    """
    faults = _faults(session, school, wish)
    if faults:
        raise Invalid(faults)
    school.name, school.slurm_account = wish.name.strip(), wish.slurm_account
    session.flush()


def _faults(session: Session, school: School, wish: SchoolWish) -> schools.Faults:
    """What is wrong with a wish for a school, whose limits are those of the wish if they can be."""
    faults = schools.faults_of(
        session,
        slug=wish.slug,
        name=wish.name,
        slurm_account=wish.slurm_account,
        of=school if school.id else None,
    )
    limits = partial(
        set_limits,
        shares=wish.shares,
        share_hours=wish.share_hours,
        guaranteed=wish.guaranteed,
    )
    for write in (limits, partial(set_partitions, partitions=wish.partitions)):
        try:
            write(school)
        except Invalid as invalid:
            faults |= {field: list(said) for field, said in invalid.errors.items()}
    return faults


def welcome(session: Session, login: str, name: str, role: Role, school_id: str | None) -> Welcome:
    """Add somebody with a password that was made up for them; raises what `accounts.add` says."""
    password = passwords.readable()
    user = accounts.add(
        session, login=login, name=name, role=role, school_id=school_id, password=password
    )
    return Welcome(user, password)
