"""A lesson's seat map as the frames that class pages are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import median
from typing import Any

from babel.numbers import format_percent
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from portal.errors import NotFound
from portal.language import N_
from portal.lessons import seatmap
from portal.lessons.tiles import Tile
from portal.runs.states import RunState
from portal.services import Services
from portal.store import EVERYONE
from portal.store.tables import DataSet, Lesson
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
        return {**self._head(language), "tiles": self._tiles(self.map.tiles, language)}

    def since(self, before: Frame, language: str) -> dict[str, Any]:
        """The same with only those tiles that look different from `before`, and of each only what.

        Most of a tile stays as it is while its run trains, and a school's line is thin.
        """
        if not isinstance(before, Snapshot):
            return self.said(language)
        old = {tile.number: tile for tile in before.map.tiles}
        changed = [
            tile
            for tile in self.map.tiles
            if before.range != self.range
            or tile.number not in old
            or old[tile.number].look != tile.look
        ]
        told = {
            seat["number"]: seat
            for seat in before._tiles([old[t.number] for t in changed if t.number in old], language)
        }
        seats = [
            _news(told.get(seat["number"], {}), seat) for seat in self._tiles(changed, language)
        ]
        return {**self._head(language), "tiles": seats}

    @cached_property
    def range(self) -> tuple[float, float]:
        """Bottom and top of the small curves: all of a class are drawn to one scale."""
        if self.map.headline_percent:
            return 0.0, 1.0
        values = [value for tile in self.map.tiles for value in tile.spark]
        return min(values, default=0.0), max(values, default=1.0)

    def _head(self, language: str) -> dict[str, Any]:
        plain = seatmap.head_as_json(self.map, language)
        plain["best"], plain["middle"] = (
            _headline(figure, self.map.headline_percent, language) for figure in _figures(self.map)
        )
        return plain

    def _tiles(self, tiles: Sequence[Tile], language: str) -> list[dict[str, Any]]:
        plain = seatmap.tiles_as_json(tiles, language)
        low, high = self.range
        for seat, tile in zip(plain, tiles, strict=True):
            del seat["spark"]
            seat["value"] = _value(tile, self.map.headline_percent, language)
            seat["line"] = _line(tile.spark, tile.fraction, low, high)
        return plain

    def beat(self) -> dict[str, Any]:
        """How old the news from Slurm is, which grows while nothing else changes."""
        return {"slurm_age_s": self.map.slurm_age_s, "taken_at": self.map.taken_at}


@lru_cache(maxsize=8192)
def _line(spark: tuple[float, ...], fraction: float | None, low: float, high: float) -> str:
    """The points of an SVG polyline: as far to the right as the training has come."""
    if len(spark) < 2:
        return ""
    step = WIDE * (fraction or 1.0) / (len(spark) - 1)
    scale = TALL / ((high - low) or 1.0)
    return " ".join(
        f"{i * step:.1f},{TALL - (value - low) * scale:.1f}" for i, value in enumerate(spark)
    )


def _news(told: Mapping[str, Any], seat: Mapping[str, Any]) -> dict[str, Any]:
    """The seat's number, and what a reader who was `told` the other has to be told again."""
    missing = object()
    return {
        name: value
        for name, value in seat.items()
        if name == "number" or told.get(name, missing) != value
    }


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


@lru_cache(maxsize=4096)
def _percent(figure: float, language: str) -> str:
    """The same figures come again and again, and each costs as much as a tile's curve."""
    return format_percent(figure, locale=language)


def _figures(seats: seatmap.SeatMap) -> tuple[float | None, float | None]:
    """The best and the middle result of the class; None before anybody is done."""
    done = sorted(
        tile.headline
        for tile in seats.tiles
        if tile.state == RunState.SUCCEEDED and tile.headline is not None
    )
    return (done[-1], median(done)) if done else (None, None)


# One statement for all that a map says of its lesson; the content of its data is not among it.
_LESSON = (
    select(Lesson)
    .options(joinedload(Lesson.school_class), joinedload(Lesson.data_set).lazyload(DataSet.content))
    .where(Lesson.id == bindparam("lesson_id"))
)


def snapshot_of(house: Services, lesson_id: str) -> Snapshot:
    """What a lesson looks like now. Whether the reader may see it was asked before."""
    with house.store.reading(EVERYONE) as session:
        lesson = session.scalar(_LESSON, {"lesson_id": lesson_id})
        if lesson is None:
            raise NotFound(N_("This lesson is no longer there."))
        return Snapshot(seatmap.snapshot(session, house, lesson))
