"""kesuan schools: each a Slurm account, and the tenant of everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click

from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.commands.audited import written_down
from portal.commands.connected import json_option
from portal.commands.failures import FAILURE
from portal.commands.house import opened, settings
from portal.commands.speech import said
from portal.commands.table import table
from portal.config import Settings
from portal.errors import Invalid
from portal.language import N_
from portal.lessons.switch import open_lessons, switch_school
from portal.people.limits import set_limits, set_partitions
from portal.people.schools import add_school, choose_templates, get_school, list_schools
from portal.quotas import Difference, ask, differences, too_much
from portal.scheduler import Scheduler, SchedulerError, open_scheduler
from portal.store import EVERYONE, Store
from portal.store.tables import School

CENTRES = "none"

shares_option = click.option(
    "--shares", metavar="NUMBER|none", help="Eighths of a GPU at once; none: set in Slurm itself."
)
share_hours_option = click.option(
    "--share-hours", metavar="NUMBER|none", help="Hours of an eighth a month; none: as above."
)
guaranteed_option = click.option(
    "--guaranteed",
    metavar="NUMBER|none",
    help="Of the shares those that are the school's own whenever it comes.",
)
partitions_option = click.option(
    "--partitions", metavar="NAME,…|none", help="The only partitions of Slurm that it may use."
)
slugs_argument = click.argument("slugs", nargs=-1, metavar="[SLUG]...")


@click.group("schools")
def command() -> None:
    """Schools."""


@command.command("add")
@click.argument("slug")
@click.argument("name")
@click.option("--account", required=True, help="The school's account in Slurm.")
@shares_option
@share_hours_option
@guaranteed_option
@partitions_option
def add(slug: str, name: str, account: str, **limits: str | None) -> None:
    """Add the school SLUG that people call NAME; `apply` then makes its account."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        school = add_school(session, slug=slug, name=name, slurm_account=account)
        _limit(school, **limits)
        written_down(session, "schools.add", f"school {school.slug}", school.id)
        click.echo(school.id)


@command.command("set")
@click.argument("slug")
@shares_option
@share_hours_option
@guaranteed_option
@partitions_option
def set_(slug: str, **limits: str | None) -> None:
    """Write down what a school may use; `apply` then makes it so in Slurm."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        school = get_school(session, slug)
        _limit(school, **limits)
        written_down(session, "schools.set", f"school {school.slug}", school.id)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the schools."""
    with opened(settings()) as store, store.reading(EVERYONE) as session:
        rows = [
            {
                "slug": school.slug,
                "account": school.slurm_account,
                "shares": school.shares,
                "share_hours": school.share_hours,
                "guaranteed": school.guaranteed,
                "partitions": ",".join(school.partitions) or None,
                "name": school.name,
            }
            for school in list_schools(session)
        ]
    head = ("SLUG", "ACCOUNT", "SHARES", "SHARE-HOURS", "GUARANTEED", "PARTITIONS", "NAME")
    click.echo(
        json.dumps(rows, ensure_ascii=False)
        if as_json
        else table(head, [list(row.values()) for row in rows])
    )


@command.command("off")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def off(slug: str, yes: bool) -> None:
    """Keep everybody of a school out; its data stays.

    Its lessons end as if the bell rang, and what it trains outside of them is stopped.
    """
    with opened(settings()) as store:
        with store.reading(EVERYONE) as session:
            school = get_school(session, slug)
            lessons = len(open_lessons(session, school))
        if not yes:
            words = N_(
                "Switch {name} off? Lessons that end: {lessons}.", name=school.name, lessons=lessons
            )
            click.confirm(said(words), abort=True)
        ended = _switched(store, slug, on=False)
    words = N_(
        "{name} is switched off. Lessons that ended: {lessons}.", name=school.name, lessons=ended
    )
    click.echo(said(words))


@command.command("on")
@click.argument("slug")
def on(slug: str) -> None:
    """Let the people of a school in again."""
    with opened(settings()) as store:
        _switched(store, slug, on=True)


@command.command("templates")
@click.argument("slug")
@click.option("--off", multiple=True, metavar="TEMPLATE", help="One that it does not use.")
@click.option("--on", multiple=True, metavar="TEMPLATE", help="One that it uses again.")
def templates(slug: str, off: tuple[str, ...], on: tuple[str, ...]) -> None:
    """Switch templates off and on for a school; print which are on."""
    house = settings()
    catalog = Catalog(house.templates.folders)
    known = {each.name for each in catalog.all()}
    chosen_off, chosen_on = ({catalog.get(name).name for name in names} for names in (off, on))
    with opened(house) as store, store.begin(EVERYONE) as session:
        school = get_school(session, slug)
        if chosen_off or chosen_on:
            used = (known - set(school.templates_off) | chosen_on) - chosen_off
            choose_templates(school, known, used)
            written_down(session, "schools.templates", f"school {school.slug}", school.id)
        rows = [(name, "off" if name in school.templates_off else "on") for name in sorted(known)]
    click.echo(table(("TEMPLATE", "STATE"), rows))


@command.command("plan")
@slugs_argument
@json_option
@click.option("--check", is_flag=True, help="Exit with 1 where anything would change.")
def plan(slugs: tuple[str, ...], as_json: bool, check: bool) -> None:
    """Show what `apply` would change in Slurm; change nothing."""
    house = settings()
    scheduler = open_scheduler(house.slurm)
    found = list(_differences(house, scheduler, slugs))
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
    else:
        _show(found)
    _warn(house, scheduler)
    if check and found:
        raise click.exceptions.Exit(FAILURE)


@command.command("apply")
@slugs_argument
@click.option("--yes", is_flag=True, help="Ask nothing.")
def apply(slugs: tuple[str, ...], yes: bool) -> None:
    """Make Slurm's accounts be what the schools may use. For one of Slurm's operators."""
    house = settings()
    scheduler = open_scheduler(house.slurm)
    found = list(_differences(house, scheduler, slugs))
    _show(found)
    if found and not yes:
        click.confirm(said(N_("Change this in Slurm?")), abort=True)
    # One school that cannot be changed keeps no other waiting.
    applied = [one.school for one in found if _applied(scheduler, one)]
    with opened(house) as store, store.begin(EVERYONE) as session:
        for school in applied:
            written_down(session, "schools.apply", f"school {school.slug}", school.id)
    if len(applied) < len(found):
        raise click.exceptions.Exit(FAILURE)


def _applied(scheduler: Scheduler, difference: Difference) -> bool:
    try:
        difference.apply(scheduler)
    except SchedulerError as error:
        words = said(N_("{told} [{words}]", told=error.message, words=error.words))
        click.echo(f"kesuan: {difference.school.slug}: {words}", err=True)
        return False
    return True


def _differences(
    house: Settings, scheduler: Scheduler, slugs: Sequence[str]
) -> Iterator[Difference]:
    with opened(house) as store, store.reading(EVERYONE) as session:
        schools = [get_school(session, slug) for slug in slugs] or list_schools(session)
    return differences(house, schools, *ask(scheduler, schools))


def _warn(house: Settings, scheduler: Scheduler) -> None:
    """Say so where more is guaranteed to all schools together than the cluster has."""
    with opened(house) as store, store.reading(EVERYONE) as session:
        schools = list_schools(session)
    if all(school.guaranteed is None for school in schools):
        return
    accelerator = Accelerator.from_settings(house.accelerator)
    if words := too_much(schools, scheduler.nodes(), accelerator):
        click.echo(f"kesuan: {said(words)}", err=True)


def _switched(store: Store, slug: str, *, on: bool) -> int:
    """How many lessons ended."""
    with store.begin(EVERYONE) as session:
        school = get_school(session, slug)
        written_down(session, f"schools.{'on' if on else 'off'}", f"school {slug}", school.id)
        return switch_school(session, school, on=on)


def _limit(
    school: School,
    shares: str | None,
    share_hours: str | None,
    guaranteed: str | None,
    partitions: str | None,
) -> None:
    set_limits(
        school,
        shares=_chosen("shares", shares, school.shares),
        share_hours=_chosen("share_hours", share_hours, school.share_hours),
        guaranteed=_chosen("guaranteed", guaranteed, school.guaranteed),
    )
    if partitions is not None:
        set_partitions(school, [] if partitions == CENTRES else partitions.split(","))


def _chosen(field: str, words: str | None, before: int | None) -> int | None:
    """What an option says: nothing, `none`, or a number. Raises `Invalid`."""
    if words is None:
        return before
    if words == CENTRES:
        return None
    if not words.isdecimal():
        raise Invalid.one(field, N_("This is a number, or: none"))
    return int(words)


def _show(found: Sequence[Difference]) -> None:
    for difference in found:
        school = difference.school
        click.echo(f"{school.slug} ({school.slurm_account})  {school.name}")
        for change in difference.changes:
            colour = "yellow" if change.before else "green"
            click.echo(click.style(f"  {change}", fg=colour))
    if not found:
        click.echo(said(N_("Every school's account is as it should be.")))


def _plain(difference: Difference) -> dict[str, object]:
    return {
        "school": difference.school.slug,
        "account": difference.school.slurm_account,
        "changes": [
            {"what": str(change.what), "before": change.before, "after": change.after}
            for change in difference.changes
        ],
    }
