"""Words and figures of a run as pages write them."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext as _

from portal.catalog import Field
from portal.errors import NotFound
from portal.people.viewer import Role
from portal.runs.states import RunState
from portal.services import services
from portal.store.tables import Run
from portal.web.formats import decimals, percent, value
from portal.web.speech import say


def register(app: Flask) -> None:
    """Give templates these as filters."""
    filters = (role_word, state_word, state_label, headline, stage_word, parameter)
    app.jinja_env.filters.update({each.__name__: each for each in filters})


def role_word(role: str) -> str:
    """What somebody is, in the reader's language."""
    return say(Role(role).label)


def state_word(state: str) -> str:
    """A state's word in the reader's language."""
    return say(RunState(state).label)


def state_label(run: Run) -> str:
    """The word of the state that a run is in."""
    return state_word(run.state)


def headline(run: Run) -> str:
    """The one number of a run that a class compares; empty where there is none."""
    try:
        wanted = services().catalog.get(run.template).headline
    except NotFound:
        return ""
    figure = (run.metrics or {}).get(wanted.metric)
    if not isinstance(figure, int | float):
        return ""
    return percent(figure) if wanted.percent else decimals(figure)


def stage_word(stage: str | None) -> str:
    """What a program is at, in words."""
    words = {
        "loading": _("loading the data"),
        "training": _("training"),
        "evaluating": _("testing what it has learnt"),
        "saving": _("saving the model"),
    }
    return str(words.get(stage or "", stage or ""))


def parameter(given: object, field: Field | None) -> str:
    """A parameter's value with the option's label and the unit that its field has."""
    if field is None:
        return value(given)
    for option in field.options:
        if option.value == str(given):
            return say(option.label)
    unit = say(field.unit)
    return f"{value(given)} {unit}" if unit else value(given)
