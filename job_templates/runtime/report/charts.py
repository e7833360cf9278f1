"""Charts as SVG text. Colours are classes of the page's style sheet, so light and dark fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 14, 40
LONGEST_NAME = 12


@dataclass(frozen=True)
class Line:
    """One series: its name and its points."""

    name: str
    points: Points


def ring(fraction: float) -> str:
    """A ring that is filled to a fraction, with the per cent in its middle."""
    around = 2 * math.pi * 52
    filled = around * min(max(fraction, 0.0), 1.0)
    percent = f"{fraction * 100:.0f}%"
    return (
        f'<svg class="ring" viewBox="0 0 120 120" role="img" aria-label="{percent}">'
        '<circle class="track" cx="60" cy="60" r="52"/>'
        f'<circle class="fill" cx="60" cy="60" r="52" stroke-dasharray="{filled:.1f} {around:.1f}"'
        ' transform="rotate(-90 60 60)"/>'
        f'<text x="60" y="71" text-anchor="middle">{percent}</text></svg>'
    )


def percent_chart(lines: Sequence[Line], x_label: str) -> str:
    """Lines between 0 and 100 %, each with its name beside its last point."""
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    greatest = max(x for line in lines for x, _ in line.points) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + x / greatest * (WIDTH - LEFT - RIGHT),
            TOP + (1 - y) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for tenth in range(0, 11, 2):
        _, y = place(0, tenth / 10)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{tenth * 10}%</text>')
    for tick in _ticks(greatest):
        x, _ = place(tick, 0)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 22}" text-anchor="middle">{tick:g}</text>')
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 5}" text-anchor="end">{escape(x_label)}</text>'
    )
    for number, line in enumerate(lines):
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line.points)
        parts.append(f'<polyline class="line s{number}" points="{path}"/>')
        x, y = place(*line.points[-1])
        parts.append(f'<circle class="dot s{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    return "".join(parts) + "</svg>" + _legend(lines)


def confusion_chart(names: Sequence[str], matrix: Sequence[Sequence[int]]) -> str:
    """The confusion matrix: the fuller a field, the stronger its colour; the diagonal is right."""
    size = len(names)
    cell = max(26, min(64, 520 // size))
    left, top = 130, 96
    most = max(max(row) for row in matrix) or 1
    width, height = left + size * cell + 4, top + size * cell + 4
    parts = [f'<svg class="confusion" viewBox="0 0 {width} {height}" role="img">']
    for number, name in enumerate(names):
        short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
        middle = (number + 0.5) * cell
        parts.append(
            f'<text x="{left - 8}" y="{top + middle + 5:.1f}" text-anchor="end">{escape(short)}'
            f"</text><text transform='translate({left + middle + 4:.1f} {top - 8}) rotate(-45)'>"
            f"{escape(short)}</text>"
        )
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            kind = "right" if row == column else "wrong"
            strength = 0.06 + 0.94 * count / most if count else 0.0
            x, y = left + column * cell, top + row * cell
            parts.append(
                f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{cell - 2}"'
                f' height="{cell - 2}" rx="4" fill-opacity="{strength:.2f}"/>'
            )
            if count:
                shade = " strong" if strength > 0.55 else ""
                parts.append(
                    f'<text class="count{shade}" x="{x + cell / 2}" y="{y + cell / 2 + 5}"'
                    f' text-anchor="middle">{count}</text>'
                )
    return "".join(parts) + "</svg>"


def _legend(lines: Sequence[Line]) -> str:
    entries = "".join(
        f'<li><span class="swatch s{number}"></span>{escape(line.name)}</li>'
        for number, line in enumerate(lines)
    )
    return f'<ul class="legend">{entries}</ul>'


def _ticks(greatest: float) -> list[float]:
    """At most about six round numbers up to the greatest."""
    rough = greatest / 6
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    return [step * n for n in range(int(greatest / step + 1e-9) + 1)]
