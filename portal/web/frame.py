"""What class pages are sent: a lesson at one moment, put into bytes once for all who look on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Said = Mapping[str, Any]
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Picture:
    """Plain data: what is said of a lesson in each language, and of its seats one after the other.

    `drawn` is what a page draws of a seat in any language, its number among it; `words` is what it
    writes there.
    """

    head: Mapping[str, Said]
    drawn: Sequence[Said]
    words: Mapping[str, Sequence[Said]]

    def in_language(self, language: str) -> dict[str, Any]:
        """All of it for a reader of `language`."""
        seats = zip(self.drawn, self.words[language], strict=True)
        return {**self.head[language], "tiles": [{**drawn, **words} for drawn, words in seats]}

    def news(self, before: Picture) -> dict[str, Said]:
        """What has to be said in each language to whoever has seen the picture `before`.

        Most of a seat stays as it is while its run trains, and a school's line is thin.
        """
        known = {seat["number"]: place for place, seat in enumerate(before.drawn)}
        places = [known.get(seat["number"]) for seat in self.drawn]
        drawn = _changed(places, before.drawn, self.drawn)
        said: dict[str, Said] = {}
        for language, head in self.head.items():
            words = _changed(places, before.words[language], self.words[language])
            tiles = [
                {"number": seat["number"], **looks, **names}
                for seat, looks, names in zip(self.drawn, drawn, words, strict=True)
                if looks or names
            ]
            said[language] = {**head, "tiles": tiles}
        return said


@dataclass(frozen=True)
class Frame:
    """A lesson at one moment, for readers of any language.

    `version` changes when something that a reader sees has changed, and `over` says that nothing
    will move any more. `news` is the JSON for whoever has seen the version `before`.
    """

    version: str
    over: bool
    picture: Picture
    before: str | None = None
    news: Mapping[str, bytes] = field(default_factory=dict)
    _whole: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def following(cls, before: Frame | None, version: str, over: bool, picture: Picture) -> Frame:
        """The frame that comes after another one, if there was one."""
        if before is None:
            return cls(version, over, picture)
        news = picture.news(before.picture)
        said = {language: _json(each) for language, each in news.items()}
        return cls(version, over, picture, before.version, said)

    def bytes_for(self, language: str, seen: str | None = None) -> bytes:
        """The JSON for a reader who has seen the version `seen`, or none yet."""
        if seen is not None and seen == self.before:
            return self.news[language]
        if language not in self._whole:
            self._whole[language] = _json(self.picture.in_language(language))
        return self._whole[language]


def _changed(
    places: Sequence[int | None], before: Sequence[Said], now: Sequence[Said]
) -> list[dict[str, Any]]:
    """Of each seat what differs from what was there before, at the place that is given."""
    missing = object()
    changed: list[dict[str, Any]] = []
    for place, seat in zip(places, now, strict=True):
        told = before[place] if place is not None else {}
        if told == seat:
            changed.append({})
        else:
            items = seat.items()
            changed.append({name: it for name, it in items if told.get(name, missing) != it})
    return changed


def _json(said: Said) -> bytes:
    return ENCODER.encode(said).encode()
