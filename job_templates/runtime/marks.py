"""How a finished model did on the examples that were kept for the test."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.files import read_json
from runtime.run import Run


@dataclass(frozen=True)
class Marks:
    """For every held-out example: its true class, the model's guess, and how sure it was.

    Classes are numbers into `labels`; `names` has a class's name in the reader's language.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    truths: tuple[int, ...]
    guesses: tuple[int, ...]
    confidences: tuple[float, ...]

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        names: Sequence[str],
        truths: Sequence[int],
        probabilities: Sequence[Sequence[float]],
    ) -> Marks:
        """From a model's output: a row of probabilities for every example."""
        rows = [[float(p) for p in row] for row in probabilities]
        guesses = tuple(row.index(max(row)) for row in rows)
        sure = tuple(max(row) for row in rows)
        return cls(tuple(labels), tuple(names), tuple(map(int, truths)), guesses, sure)

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(t == g for t, g in zip(self.truths, self.guesses))

    @property
    def accuracy(self) -> float:
        """The part that was right, 0 to 1."""
        return self.right / len(self.truths)

    @property
    def baseline(self) -> float:
        """What always naming the most frequent class would get."""
        return max(self.truths.count(label) for label in set(self.truths)) / len(self.truths)

    def matrix(self) -> list[list[int]]:
        """Row = the true class, column = the guess."""
        size = len(self.labels)
        matrix = [[0] * size for _ in range(size)]
        for truth, guess in zip(self.truths, self.guesses):
            matrix[truth][guess] += 1
        return matrix

    def answer(self, number: int) -> dict[str, Any]:
        """What predictions.json says of one example, beside the example itself."""
        return {
            "truth": self.labels[self.truths[number]],
            "guess": self.labels[self.guesses[number]],
            "confidence": round(self.confidences[number], 4),
        }

    def confusion(self) -> dict[str, Any]:
        """confusion.json"""
        return {"labels": list(self.labels), "matrix": self.matrix()}

    def worst_mix_up(self) -> tuple[int, int, int] | None:
        """The true class, what it was taken for, how often; None when all was right."""
        mixed = [
            (count, truth, guess)
            for truth, row in enumerate(self.matrix())
            for guess, count in enumerate(row)
            if truth != guess and count
        ]
        if not mixed:
            return None
        count, truth, guess = max(mixed, key=lambda found: (found[0], -found[1], -found[2]))
        return truth, guess, count

    def samples(self, most: int = 24) -> list[int]:
        """Examples worth a look: half of them wrong ones if there are so many, by chance."""
        order = list(range(len(self.truths)))
        random.Random(len(order)).shuffle(order)  # noqa: S311 - a choice of examples, no secret
        wrong = [n for n in order if self.truths[n] != self.guesses[n]][: most // 2]
        right = [n for n in order if self.truths[n] == self.guesses[n]][: most - len(wrong)]
        return wrong + right


def class_names(run: Run, labels: Sequence[str]) -> list[str]:
    """The classes in the reader's language, where the data set has such names."""
    manifest = run.data_folder / "manifest.json"
    known = read_json(manifest).get("class_names") or {} if manifest.is_file() else {}
    language = run.say("zh", "en")
    return [str((known.get(label) or {}).get(language) or label) for label in labels]


def save_marks(
    run: Run, marks: Marks, items: Sequence[dict[str, Any]], held_out: Sequence[object]
) -> None:
    """Writes what every classifier leaves beside its model; `items` are the sample predictions."""
    names = dict(zip(marks.labels, marks.names))
    run.save_json("labels.json", {"labels": list(marks.labels), "names": names}, "labels")
    run.save_json("confusion.json", marks.confusion(), "confusion")
    run.save_json("predictions.json", {"items": list(items)}, "predictions")
    run.save_json("split.json", {"held_out": list(held_out)}, "split")
