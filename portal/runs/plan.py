"""What somebody asked to train, checked as a whole: every fault at once, each beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import catalog
from portal.catalog import Template
from portal.datasets import shelf
from portal.errors import Invalid, NotFound
from portal.language import LANGUAGES, N_, Message
from portal.people.viewer import Viewer
from portal.runs.house import House
from portal.runs.templates import template_of
from portal.store.tables import DataSet

Faults = dict[str, list[Message]]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to train, as it came in.

    `data` is a data set's id or name. None for share or minutes asks for the template's default.
    """

    template: str
    data: str
    share: int | None
    parameters: Mapping[str, Any]
    language: str
    minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be trained: a wish with nothing left to doubt."""

    template: Template
    data_set: DataSet
    eighths: int
    parameters: dict[str, Any]
    language: str
    minutes: int


def make_plan(
    session: Session,
    house: House,
    viewer: Viewer,
    wish: Wish,
    *,
    base: Mapping[str, Any] | None = None,
    faults: Faults | None = None,
    data_set: DataSet | None = None,
) -> Plan:
    """Check a wish of the viewer's. `base` is what a teacher set for the class.

    `data_set` is the wish's, where the caller has it at hand.

    Raises `Invalid` with every fault: template, data, share, minutes, language,
    parameters.<name>, and those that the caller found before and hands in.
    """
    found = Faults(faults or {})
    template = _template(house, viewer, wish.template, found)
    data_set = data_set or _data_set(session, viewer, wish.data, found)
    if wish.language not in LANGUAGES:
        found["language"] = [N_("The portal speaks Chinese (zh) and English (en).")]
    eighths = minutes = 0
    parameters: dict[str, Any] = {}
    if template is not None:
        eighths = _share(house, template, wish.share, found)
        minutes = _minutes(template, wish.minutes, found)
        if data_set is not None:
            parameters = _parameters(template, data_set, viewer, wish.parameters, base, found)
    if found or template is None or data_set is None:
        raise Invalid(found)
    return Plan(
        template=template,
        data_set=data_set,
        eighths=eighths,
        parameters=parameters,
        language=wish.language,
        minutes=minutes,
    )


def _template(house: House, viewer: Viewer, name: str, faults: Faults) -> Template | None:
    try:
        return template_of(house, viewer, name)
    except NotFound as none:
        faults["template"] = [none.message if name else N_("Please choose a template.")]
        return None


def _data_set(session: Session, viewer: Viewer, name: str, faults: Faults) -> DataSet | None:
    if not name:
        faults["data"] = [N_("Please choose a data set.")]
        return None
    try:
        return shelf.get(session, viewer, name)
    except NotFound as none:
        faults["data"] = [none.message]
        return None


def _share(house: House, template: Template, wanted: int | None, faults: Faults) -> int:
    """The share in eighths: what was asked for, else the nearest to the template's default."""
    resources = template.resources
    if wanted is not None and wanted not in resources.shares:
        faults["share"] = [
            N_("This template does not train on a share of {eighths}/8.", eighths=wanted)
        ]
        return 0
    nearest = sorted(resources.shares, key=lambda e: (abs(e - resources.default_share), e))
    refusal: Invalid | None = None
    for eighths in nearest if wanted is None else (wanted,):
        try:
            return house.accelerator.offer(eighths).eighths
        except Invalid as no_such_share:
            refusal = refusal or no_such_share
    if refusal is not None:
        faults.update({field: list(messages) for field, messages in refusal.errors.items()})
    return 0


def _minutes(template: Template, wanted: int | None, faults: Faults) -> int:
    most = template.resources.minutes
    minutes = template.resources.default_minutes if wanted is None else wanted
    if not 1 <= minutes <= most:
        faults["minutes"] = [N_("This training may take 1 to {most} minutes.", most=most)]
    return minutes


def _parameters(
    template: Template,
    data_set: DataSet,
    viewer: Viewer,
    given: Mapping[str, Any],
    base: Mapping[str, Any] | None,
    faults: Faults,
) -> dict[str, Any]:
    manifest = data_set.content.manifest
    try:
        catalog.check_data(template, manifest)
    except Invalid as unfit:
        faults.update({field: list(messages) for field, messages in unfit.errors.items()})
        return {}
    try:
        return catalog.parameters(template, manifest, viewer.role.value, given, base)
    except Invalid as wrong:
        faults.update({f"parameters.{name}": list(said) for name, said in wrong.errors.items()})
        return {}
