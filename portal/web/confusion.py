"""A confusion matrix as geometry, for a picture without scripts and without inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

CELL = 46
LETTER = 8
SHOWN_LETTERS = 14
# Beyond this the numbers no longer fit and only the shades are drawn.
NUMBERED = 16


@dataclass(frozen=True)
class Cell:
    """One square: how often `truth` was taken for `guess`, and its share of the row."""

    x: int
    y: int
    truth: str
    guess: str
    count: int
    share: float
    right: bool

    @property
    def shade(self) -> str:
        """The opacity of the square; rare mistakes stay visible."""
        return f"{0.10 + 0.70 * self.share:.2f}" if self.count else "0"


@dataclass(frozen=True)
class Chart:
    """The picture: sizes in SVG units, labels in the reader's language."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    left: int
    top: int
    cell: int
    numbered: bool

    @property
    def width(self) -> int:
        """Of the whole picture."""
        return self.left + self.cell * len(self.labels) + 4

    @property
    def height(self) -> int:
        """Of the whole picture."""
        return self.top + self.cell * len(self.labels) + 4

    @property
    def worst(self) -> Cell | None:
        """The mistake that was made most often."""
        wrong = [each for each in self.cells if not each.right and each.count]
        return max(wrong, key=lambda each: each.count, default=None)


def draw(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> Chart:
    """Rows are the truth, columns the guess; `matrix[i][j]` counts truth i guessed as j."""
    short = tuple(map(_short, labels))
    cell = CELL if len(labels) <= NUMBERED else max(6, CELL * NUMBERED // len(labels))
    margin = max(map(_width, short), default=0) * LETTER + 14
    cells = []
    for i, row in enumerate(matrix):
        total = sum(row) or 1
        for j, number in enumerate(row):
            x, y = margin + j * cell, margin + i * cell
            cells.append(Cell(x, y, labels[i], labels[j], number, number / total, i == j))
    return Chart(short, tuple(cells), margin, margin, cell, len(labels) <= NUMBERED)


def _width(word: str) -> int:
    """Letters wide, where a Chinese character is as wide as two Latin ones."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in word)


def _short(word: str) -> str:
    while _width(word) > SHOWN_LETTERS:
        word = word.removesuffix("…")[:-1] + "…"
    return word
