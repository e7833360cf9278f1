"""The training templates, with pictures of what comes out of each."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.catalog import Template
from portal.datasets import shelf
from portal.errors import NotFound
from portal.language import Text
from portal.runs.templates import templates_of
from portal.services import services
from portal.store.tables import DataSet
from portal.web.login import reading, viewer

blueprint = Blueprint("gallery", __name__)


@blueprint.get("/templates")
def page() -> ResponseReturnValue:
    """All templates that the reader's school uses."""
    with reading() as session:
        sets = shelf.find(session, viewer())
    templates = templates_of(services(), viewer())
    samples = {each.name: _sample(each, sets) for each in templates}
    return render_template("gallery.html", templates=templates, samples=samples)


@blueprint.app_template_global()
def template_title(name: str) -> Text:
    """The title of a template, or its bare name where the site no longer has it."""
    try:
        return services().catalog.get(name).title
    except NotFound:
        return Text(zh=name, en=name)


def _sample(template: Template, sets: list[DataSet]) -> DataSet | None:
    """A data set to show with a template: its own sample, else the first of its kind."""
    fitting = [each for each in sets if each.kind == template.data]
    own = [each for each in fitting if each.slug == template.sample]
    return next(iter(own + fitting), None)
