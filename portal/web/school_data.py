"""Children's data of a school: consent, terms, deletion and its receipts, all of it in a zip."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.language import N_, Message
from portal.people import classes, consent, schools
from portal.people.access import Action, may, require
from portal.privacy import consents, erasures, terms
from portal.privacy import takehome as parcels
from portal.privacy.scope import scope_of
from portal.services import services
from portal.store.tables import School, SchoolClass
from portal.web import noted
from portal.web.login import reading, viewer
from portal.web.speech import language

Faults = Mapping[str, Sequence[Message]]

blueprint = Blueprint("school_data", __name__, url_prefix="/school/data")


@dataclass(frozen=True)
class Overview:
    """What staff see of a school at a glance."""

    school: School
    consents: bool
    last_day: date | None
    open_erasures: int


@blueprint.get("")
def page() -> ResponseReturnValue:
    """All schools for staff; for everybody else, and for `?school=`, one."""
    require(viewer(), Action.ERASE)
    slug = request.args.get("school")
    if viewer().is_staff and not slug:
        with reading() as session:
            rows = [_overview(session, each) for each in schools.list_schools(session)]
        return render_template("school_data_all.html", rows=rows)
    return _page({}, {})


@blueprint.get("/consent")
def consent_text() -> ResponseReturnValue:
    """The text of today, to print and to sign."""
    require(viewer(), Action.ERASE)
    title, _blank, body = consent.text(language()).partition("\n")
    return render_template("consent.html", title=title, paragraphs=body.strip().splitlines())


@blueprint.post("/consent")
def record() -> ResponseReturnValue:
    """The school has signed."""
    with services().store.begin(viewer().tenant) as session:
        consent.record(session, viewer(), request.form.get("version", ""))
    flash(_("The consent is recorded."))
    return redirect(url_for("school_data.page"), 303)


@blueprint.post("/consent/withdraw")
def withdraw() -> ResponseReturnValue:
    """The school does not consent any more: what shows people goes."""
    with services().store.begin(viewer().tenant) as session:
        consents.withdraw(session, viewer())
    flash(_("The consent is withdrawn. Data that shows people is being deleted."))
    return redirect(url_for("school_data.page"), 303)


@blueprint.post("/terms")
def add_term() -> ResponseReturnValue:
    """A new term of the school."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "last_day")}
    try:
        with services().store.begin(viewer().tenant) as session:
            school = _school(session)
            terms.add(session, viewer(), school.id, typed["name"], typed["last_day"], _today())
    except Invalid as invalid:
        return _page(typed, invalid.errors), 422
    return _back()


@blueprint.post("/terms/<term_id>")
def move_term(term_id: str) -> ResponseReturnValue:
    """Another last day."""
    typed = request.form.get("last_day", "")
    try:
        with services().store.begin(viewer().tenant) as session:
            term = terms.get_term(session, term_id)
            terms.move_end(session, viewer(), term, typed, _today())
    except Invalid as invalid:
        faults = {f"{term_id}.{field}": told for field, told in invalid.errors.items()}
        return _page({f"{term_id}.last_day": typed}, faults), 422
    return _back()


@blueprint.post("/classes/<class_id>")
def move_class(class_id: str) -> ResponseReturnValue:
    """Another term for a class."""
    with services().store.begin(viewer().tenant) as session:
        school_class = classes.get_class(session, viewer(), class_id)
        term = terms.get_term(session, request.form.get("term", ""))
        terms.put_into(session, viewer(), school_class, term)
    return _back()


@blueprint.get("/delete/<kind>/<which>")
def form(kind: str, which: str) -> ResponseReturnValue:
    """What would go."""
    return _form(kind, which, ())


@blueprint.post("/delete/<kind>/<which>")
def erase(kind: str, which: str) -> ResponseReturnValue:
    """Have it deleted; a class and a school only with their short names typed in."""
    try:
        with services().store.begin(viewer().tenant) as session:
            subject = erasures.subject_of(session, viewer(), kind, which)
            noted.about(f"{subject.kind} {subject.id}", subject.school_id)
            erasures.confirm(subject, request.form.get("typed", ""))
            asked = erasures.ask(session, viewer(), kind, which).id
    except Invalid as invalid:
        return _form(kind, which, invalid.errors["typed"]), 422
    flash(_("It is being deleted. The receipt follows in a few minutes."))
    if kind == "school" and not viewer().is_staff:
        return redirect(url_for("session.form"), 303)  # one's own account goes with it
    return redirect(url_for("school_data.receipt", erasure_id=asked), 303)


@blueprint.get("/takehome.zip")
def takehome() -> ResponseReturnValue:
    """Everything of a school, with a page that opens without the portal."""
    require(viewer(), Action.ERASE_CLASS)
    with reading() as session:
        school = _school(session)
        noted.about(f"school {school.id}", school.id)
        return _sent(session, classes.classes_of_school(session, school), school.name, school.slug)


@blueprint.get("/classes/<class_id>/takehome.zip")
def class_takehome(class_id: str) -> ResponseReturnValue:
    """The same of one class."""
    require(viewer(), Action.ERASE)
    with reading() as session:
        found = classes.get_class(session, viewer(), class_id)
        return _sent(session, [found], found.name, found.slug)


@blueprint.get("/receipts/<erasure_id>")
def receipt(erasure_id: str) -> ResponseReturnValue:
    """What was deleted, in numbers."""
    with reading() as session:
        found = erasures.get_erasure(session, viewer(), erasure_id)
        names = {school.id: school.name for school in schools.list_schools(session)}
        return render_template(
            "receipt.html",
            erasure=found,
            school=names[found.school_id],
            kinds=erasures.KINDS,
            states=erasures.STATES,
            reasons=erasures.REASONS,
            tables=TABLES,
        )


TABLES: Mapping[str, Message] = {
    "run": N_("trainings"),
    "batch": N_("jobs of Slurm"),
    "lesson": N_("lessons"),
    "seat": N_("seats"),
    "user": N_("accounts"),
    "token": N_("tokens"),
    "answered": N_("noted requests"),
    "class": N_("classes"),
    "term": N_("terms"),
    "data_set": N_("data sets"),
    "content": N_("contents of data sets"),
}


def _sent(session: Session, of: list[SchoolClass], title: str, name: str) -> Response:
    house = services()
    parcel = parcels.pack(
        session, house.settings, house.catalog, of, title, language(), time.time()
    )
    response = Response(
        parcels.archive(house.settings.data.root, parcel), mimetype="application/zip"
    )
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    return response


def _form(kind: str, which: str, faults: Sequence[Message]) -> str:
    with reading() as session:
        subject = erasures.subject_of(session, viewer(), kind, which)
        scope = scope_of(session, subject.kind, subject.id)
    return render_template(
        "erase.html", subject=subject, scope=scope, faults=faults, kinds=erasures.KINDS
    )


def _page(typed: Mapping[str, str], errors: Faults) -> str:
    with reading() as session:
        school = _school(session)
        said = consent.newest(session, school.id)
        settings, known = services().settings, terms.terms(session, school.id)
        return render_template(
            "school_data.html",
            school=school,
            classes=classes.classes_of_school(session, school),
            terms=known,
            goes_on={term.id: terms.goes_on(term, settings) for term in known},
            kept_days=settings.data.kept_days,
            consent=said,
            consents=consent.holds(said),
            version=consent.VERSION,
            erasures=erasures.erasures(session, viewer(), school.id),
            kinds=erasures.KINDS,
            states=erasures.STATES,
            may_consent=may(viewer(), Action.CONSENT),
            may_change=may(viewer(), Action.ERASE_CLASS),
            here={"school": school.slug} if viewer().is_staff else {},
            typed=typed,
            errors=errors,
        )


def _overview(session: Session, school: School) -> Overview:
    known = terms.terms(session, school.id)
    done = erasures.DONE
    still_open = [e for e in erasures.erasures(session, viewer(), school.id) if e.state != done]
    return Overview(
        school,
        consent.holds(consent.newest(session, school.id)),
        known[0].last_day if known else None,
        len(still_open),
    )


def _school(session: Session) -> School:
    """One's own school; for staff the one of the address."""
    wanted = request.args.get("school", "") if viewer().is_staff else viewer().school_id or ""
    return schools.get_school(session, wanted)


def _today() -> date:
    return terms.today(services().settings, time.time())


def _back() -> ResponseReturnValue:
    slug = request.args.get("school") if viewer().is_staff else None
    return redirect(url_for("school_data.page", school=slug), 303)
