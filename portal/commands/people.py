"""kesuan people: who can log in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from portal.commands.audited import written_down
from portal.commands.house import opened, settings
from portal.commands.secret import password_file, read_password
from portal.errors import NotFound
from portal.language import N_
from portal.people import accounts
from portal.people.schools import get_school
from portal.people.viewer import Role
from portal.store import EVERYONE
from portal.store.tables import User

ROLES = [role.value for role in Role if role not in (Role.SEAT, Role.SCRIPT)]


@click.group("people")
def command() -> None:
    """Staff, school administrators and teachers. Seats come with their class."""


@command.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--school", help="Slug of the school; staff have none.")
@password_file
def add(login: str, name: str, role: str, school: str | None, file: Path | None) -> None:
    """Add somebody with LOGIN and the NAME that others see."""
    password = read_password(file, twice=True)
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        school_id = get_school(session, school).id if school is not None else None
        made = accounts.add(
            session,
            login=login,
            name=name,
            role=Role(role),
            school_id=school_id,
            password=password,
        )
        written_down(session, "people.add", f"person {made.id}", made.school_id)
        click.echo(made.id)


@command.command("password")
@click.argument("login")
@password_file
def password(login: str, file: Path | None) -> None:
    """Give LOGIN a new password."""
    chosen = read_password(file, twice=True)
    with _user(login, "password") as (session, user):
        accounts.set_password(session, user, chosen)


@command.command("hand-over")
@click.argument("login")
def hand_over(login: str) -> None:
    """Let the directory of the centre say who LOGIN is; the local password ends."""
    with _user(login, "hand-over") as (session, user):
        accounts.hand_over(session, user)


@command.command("close")
@click.argument("login")
def close(login: str) -> None:
    """Keep LOGIN out from now on; open sessions and tokens end at once."""
    with _user(login, "close") as (_, user):
        user.active = False


@command.command("reopen")
@click.argument("login")
def reopen(login: str) -> None:
    """Let LOGIN in again."""
    with _user(login, "reopen") as (_, user):
        user.active = True


@contextmanager
def _user(login: str, what: str) -> Iterator[tuple[Session, User]]:
    """The user with a login, to be changed, which is written down; raises `NotFound`."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        user = accounts.find(session, login)
        if user is None:
            raise NotFound(N_("Nobody has the login {login}.", login=login))
        yield session, user
        written_down(session, f"people.{what}", f"person {user.id}", user.school_id)
