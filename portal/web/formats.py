"""How times, sizes and shares of a whole are written on a page."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal

from babel.dates import format_timedelta, get_month_names
from babel.numbers import format_decimal, format_percent
from flask import Flask
from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup

from portal.errors import Invalid
from portal.services import services
from portal.store.tables import DataSet
from portal.web.speech import language, say

ICONS = {
    "waiting": "clock",
    "submitted": "queue",
    "running": "pulse",
    "finishing": "flag",
    "succeeded": "check",
    "failed": "cross",
    "cancelled": "stop",
    "lost": "question",
    "empty": "dot",
}


def register(app: Flask) -> None:
    """Give templates these as filters."""
    filters = (
        ago, clock, day, duration, about, percent, count, size, decimals, share_name, data_name,
        value, month_name,
    )  # fmt: skip
    app.jinja_env.filters.update({each.__name__: each for each in filters})
    app.jinja_env.globals["state_icons"] = ICONS


def ago(at: float | None) -> str | Markup:
    """`12 seconds ago`, as an element that counts on by itself where scripts run."""
    if at is None:
        return ""
    words = format_timedelta(
        timedelta(seconds=at - time.time()), add_direction=True, locale=language()
    )
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" data-ago="{}">{}</time>').format(moment, int(at), words)


def clock(at: float) -> str:
    """The time of day in the site's time zone: `10:40`."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "HH:mm"))


def day(at: float) -> str:
    """Day and time in the site's time zone."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "yyyy-MM-dd HH:mm"))


def month_name(month: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """A month by its number from 1 to 12: `March`, or `Mar` where it is `abbreviated`."""
    return str(get_month_names(width, "stand-alone", language())[month])


def duration(seconds: float | None) -> str:
    """`48 s` or `2 min 05 s`; an en dash where nothing is known."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return str(_("%(seconds)s s", seconds=whole))
    return str(_("%(minutes)s min %(seconds)s s", minutes=whole // 60, seconds=f"{whole % 60:02}"))


def percent(share: float | None) -> str:
    """`91%` for 0.913; an en dash where nothing is known."""
    return "–" if share is None else format_percent(share, "#,##0%", locale=language())


def count(number: float) -> str:
    """A whole number with the language's grouping."""
    return format_decimal(round(number), locale=language())


def decimals(number: float | None) -> str:
    """A number as short as it can be said: four significant digits at most."""
    return "–" if number is None else f"{number:.4g}"


def size(count_of_bytes: int) -> str:
    """Bytes as KB or MB, one digit behind the point."""
    if count_of_bytes < 1_000_000:
        return f"{max(1, round(count_of_bytes / 1000))} KB"
    return f"{count_of_bytes / 1_000_000:.1f} MB"


def about(seconds: float) -> str:
    """A time that nobody should take to the second: `40 s`, `4 min`."""
    if seconds < 55:
        return str(_("%(seconds)s s", seconds=max(10, round(seconds / 10) * 10)))
    return str(_("%(minutes)s min", minutes=ceil(seconds / 60)))


def share_name(eighths: int) -> str:
    """A share in the words that the site's shares have."""
    try:
        return say(services().accelerator.offer(eighths).label)
    except Invalid:
        return f"{eighths}/8 GPU"


def data_name(data: DataSet) -> str:
    """The name of a data set in the reader's language."""
    return data.name_zh if language() == "zh" else data.name_en


def value(thing: object) -> str:
    """A parameter's value as a person reads it."""
    if isinstance(thing, bool):
        return str(_("yes") if thing else _("no"))
    if isinstance(thing, list):
        return ", ".join(map(str, thing))
    return decimals(thing) if isinstance(thing, float) else str(thing)
