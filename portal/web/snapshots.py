"""A lesson's seat map as the frames that class pages are sent."""

from __future__ import annotations

from functools import lru_cache
from statistics import median
from typing import Any

from babel.numbers import format_percent

from portal.language import LANGUAGES
from portal.lessons import seatmap
from portal.lessons.seatmap import SeatMap
from portal.lessons.tiles import Tile
from portal.runs.states import RunState
from portal.services import Services
from portal.store import EVERYONE
from portal.web.frame import Frame, Picture

# The drawing area of a small curve, in units of its viewBox.
WIDE, TALL = 60, 20


def frame_of(house: Services, lesson_id: str, before: Frame | None = None) -> Frame:
    """What a lesson looks like now. Whether the reader may see it was asked before.

    Raises `NotFound` for a lesson that is no longer there.
    """
    with house.store.reading(EVERYONE) as session:
        seats = seatmap.snapshot(session, house, lesson_id)
    if before is not None and before.version == seats.version:
        return before
    over = seats.state == "ended" and seats.live == 0
    return Frame.following(before, seats.version, over, _picture(seats))


def _picture(seats: SeatMap) -> Picture:
    low, high = _range(seats)
    return Picture(
        head={language: _head(seats, language) for language in LANGUAGES},
        drawn=[
            {
                "number": tile.number,
                "run_id": tile.run_id,
                "state": tile.state,
                "fraction": tile.fraction,
                "headline": tile.headline,
                "line": _line(tile.spark, tile.fraction, low, high),
            }
            for tile in seats.tiles
        ],
        words={
            language: [_words(tile, seats.headline_percent, language) for tile in seats.tiles]
            for language in LANGUAGES
        },
    )


def _head(seats: SeatMap, language: str) -> dict[str, Any]:
    plain = seatmap.head_as_json(seats, language)
    plain["best"], plain["middle"] = (
        _headline(figure, seats.headline_percent, language) for figure in _figures(seats)
    )
    return plain


def _words(tile: Tile, percent: bool, language: str) -> dict[str, str | None]:
    """What is written on a tile in one language."""
    return {
        "label": tile.label.in_language(language),
        "reason": None if tile.reason is None else tile.reason.in_language(language),
        "value": _value(tile, percent, language),
    }


def _range(seats: SeatMap) -> tuple[float, float]:
    """Bottom and top of the small curves: all of a class are drawn to one scale."""
    if seats.headline_percent:
        return 0.0, 1.0
    values = [value for tile in seats.tiles for value in tile.spark]
    return min(values, default=0.0), max(values, default=1.0)


@lru_cache(maxsize=8192)
def _line(spark: tuple[float, ...], fraction: float | None, low: float, high: float) -> str:
    """The points of an SVG polyline: as far to the right as the training has come."""
    if len(spark) < 2:
        return ""
    step = WIDE * (fraction or 1.0) / (len(spark) - 1)
    scale = TALL / ((high - low) or 1.0)
    places = [part for i, y in enumerate(spark) for part in (i * step, TALL - (y - low) * scale)]
    return _pattern(len(spark)) % tuple(places)


@lru_cache
def _pattern(points: int) -> str:
    """One pattern for all figures of a curve is written three times as fast as each by itself."""
    return " ".join(["%.1f,%.1f"] * points)


def _value(tile: Tile, percent: bool, language: str) -> str:
    """The one figure on a tile: the result where there is one, else how far it is."""
    if tile.state == RunState.SUCCEEDED and tile.headline is not None:
        return _headline(tile.headline, percent, language)
    if tile.state in (RunState.RUNNING, RunState.FINISHING) and tile.fraction is not None:
        return _percent(tile.fraction, language)
    return ""


def _headline(figure: float | None, percent: bool, language: str) -> str:
    if figure is None:
        return ""
    return _percent(figure, language) if percent else f"{figure:.4g}"


@lru_cache(maxsize=20_002)
def _percent(figure: float, language: str) -> str:
    """Babel takes as long for one as a whole tile does; programs say how far they are to four
    places, so all that they say has room here in both languages.
    """
    return format_percent(figure, locale=language)


def _figures(seats: SeatMap) -> tuple[float | None, float | None]:
    """The best and the middle result of the class; None before anybody is done."""
    done = sorted(
        tile.headline
        for tile in seats.tiles
        if tile.state == RunState.SUCCEEDED and tile.headline is not None
    )
    return (done[-1], median(done)) if done else (None, None)
