"""A lesson's seat map as the frames that class pages are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from babel.numbers import format_percent

from portal.errors import NotFound
from portal.language import N_
from portal.lessons import seatmap
from portal.lessons.tiles import Tile
from portal.runs.states import RunState
from portal.services import Services
from portal.store import EVERYONE
from portal.store.tables import Lesson
from portal.web.frame import Frame

# The drawing area of a small curve, in units of its viewBox.
WIDE, TALL = 60, 20


@dataclass(frozen=True)
class Snapshot:
    """A seat map; `said` and `beat` are what goes over the wire."""

    map: seatmap.SeatMap

    @property
    def version(self) -> str:
        """The seat map's own: it does not change with the clock."""
        return self.map.version

    @property
    def over(self) -> bool:
        """The bell has rung and nothing trains any more."""
        return self.map.state == "ended" and self.map.live == 0

    def said(self, language: str) -> dict[str, Any]:
        """The seat map in the reader's language, with what the page writes on each tile."""
        plain = seatmap.as_json(self.map, language)
        low, high = _range(self.map)
        for seat, tile in zip(plain["tiles"], self.map.tiles, strict=True):
            seat["value"] = _value(tile, self.map.headline_percent, language)
            seat["line"] = _line(seat.pop("spark"), tile.fraction, low, high)
        plain["best"], plain["middle"] = (
            _headline(figure, self.map.headline_percent, language) for figure in _figures(self.map)
        )
        return plain

    def since(self, before: Frame, language: str) -> dict[str, Any]:
        """The same with only those tiles that look different from `before`."""
        now = self.said(language)
        old = {tile["number"]: _look(tile) for tile in before.said(language)["tiles"]}
        now["tiles"] = [tile for tile in now["tiles"] if old.get(tile["number"]) != _look(tile)]
        return now

    def beat(self) -> dict[str, Any]:
        """How old the news from Slurm is, which grows while nothing else changes."""
        return {"slurm_age_s": self.map.slurm_age_s, "taken_at": self.map.taken_at}


def _look(tile: Mapping[str, Any]) -> dict[str, Any]:
    """A tile without what runs with the clock, which the browser reckons by itself."""
    return {name: value for name, value in tile.items() if name not in seatmap.CLOCK}


def _range(seats: seatmap.SeatMap) -> tuple[float, float]:
    """Bottom and top of the small curves: all of a class are drawn to one scale."""
    if seats.headline_percent:
        return 0.0, 1.0
    values = [value for tile in seats.tiles for value in tile.spark]
    return min(values, default=0.0), max(values, default=1.0)


def _line(spark: Sequence[float], fraction: float | None, low: float, high: float) -> str:
    """The points of an SVG polyline: as far to the right as the training has come."""
    if len(spark) < 2:
        return ""
    step = WIDE * (fraction or 1.0) / (len(spark) - 1)
    scale = TALL / ((high - low) or 1.0)
    return " ".join(
        f"{i * step:.1f},{TALL - (value - low) * scale:.1f}" for i, value in enumerate(spark)
    )


def _value(tile: Tile, percent: bool, language: str) -> str:
    """The one figure on a tile: the result where there is one, else how far it is."""
    if tile.state == RunState.SUCCEEDED and tile.headline is not None:
        return _headline(tile.headline, percent, language)
    if tile.state in (RunState.RUNNING, RunState.FINISHING) and tile.fraction is not None:
        return format_percent(tile.fraction, locale=language)
    return ""


def _headline(figure: float | None, percent: bool, language: str) -> str:
    if figure is None:
        return ""
    return format_percent(figure, locale=language) if percent else f"{figure:.4g}"


def _figures(seats: seatmap.SeatMap) -> tuple[float | None, float | None]:
    """The best and the middle result of the class; None before anybody is done."""
    done = sorted(
        tile.headline
        for tile in seats.tiles
        if tile.state == RunState.SUCCEEDED and tile.headline is not None
    )
    return (done[-1], median(done)) if done else (None, None)


def snapshot_of(house: Services, lesson_id: str) -> Snapshot:
    """What a lesson looks like now. Whether the reader may see it was asked before."""
    with house.store.reading(EVERYONE) as session:
        lesson = session.get(Lesson, lesson_id)
        if lesson is None:
            raise NotFound(N_("This lesson is no longer there."))
        return Snapshot(seatmap.snapshot(session, house, lesson))
