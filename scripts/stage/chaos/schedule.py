"""Which fault comes when: the same seed gives the same faults at the same moments."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from stage.chaos.faults import KINDS, Kind


@dataclass(frozen=True)
class Point:
    """One fault, and the dice that decide all that is left to chance in it."""

    number: int
    kind: Kind
    seed: int

    @property
    def dice(self) -> random.Random:
        return random.Random(f"{self.seed}:{self.kind.name}:{self.number}")  # noqa: S311 - no secret


def schedule(points: int, seed: int, only: Collection[str] = ()) -> list[Point]:
    """So many points, of every kind (or of `only` these) its part, in an order by the seed."""
    kinds = [kind for kind in KINDS.values() if not only or kind.name in only]
    single = [kind.name for kind in kinds if kind.once][:points]
    weights = {kind.name: kind.weight for kind in kinds if not kind.once}
    counts = _parts(points - len(single), weights) | dict.fromkeys(single, 1)
    order = [kind for kind in kinds for _ in range(counts.get(kind.name, 0))]
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret
    order.sort(key=lambda kind: not kind.early)
    return [Point(number, kind, seed) for number, kind in enumerate(order[:points])]


def _parts(points: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`points` shared out by weight; each name gets one at least while there are enough."""
    whole = sum(weights.values())
    if not whole:
        return {}
    exact = {name: points * weight / whole for name, weight in weights.items()}
    least = 1 if points >= len(weights) else 0
    counts = {name: max(least, int(value)) for name, value in exact.items()}
    by_rest = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_rest * points:
        if sum(counts.values()) >= points:
            break
        counts[name] += 1
    heaviest = max(weights, key=lambda name: weights[name])
    counts[heaviest] -= max(0, sum(counts.values()) - points)
    return counts
