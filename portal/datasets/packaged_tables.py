"""Tables that come with Python packages, read where an environment has them installed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from portal.config import Settings

IRIS_COLUMNS = (
    "sepal_length_cm",
    "sepal_width_cm",
    "petal_length_cm",
    "petal_width_cm",
    "species",
)


def penguins(settings: Settings) -> bytes | None:
    """344 penguins of three species; missing values are "NA"."""
    file = _installed(settings, "palmerpenguins/data/penguins.csv")
    return file.read_bytes() if file else None


def iris(settings: Settings) -> bytes | None:
    """150 flowers of three species.

    scikit-learn's file begins with the counts and the names of the classes instead of a header,
    and has the number of the class instead of its name.
    """
    file = _installed(settings, "sklearn/datasets/data/iris.csv")
    if file is None:
        return None
    with file.open(encoding="utf-8", newline="") as text:
        (_rows, _columns, *species), *flowers = list(csv.reader(text))
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(IRIS_COLUMNS)
    writer.writerows([*flower[:-1], species[int(flower[-1])]] for flower in flowers)
    return made.getvalue().encode()


def _installed(settings: Settings, inside: str) -> Path | None:
    """A file of a package in one of the virtual environments that the settings name."""
    for environment in settings.environments.values():
        if environment.kind == "venv" and environment.path:
            for found in Path(environment.path).glob(f"lib/python3*/site-packages/{inside}"):
                return found
    return None
