"""Run inside the training environment: writes two real data sets in the portal's form."""

import csv
import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

import palmerpenguins
from PIL import Image
from sklearn.datasets import load_digits

PER_CLASS = 60
TEXTS = ("species", "island", "sex")


def digits(folder: Path) -> None:
    """Handwritten digits that come with scikit-learn, 28 pixels wide."""
    folder.mkdir()
    seen: Counter[int] = Counter()
    bunch = load_digits()
    with zipfile.ZipFile(folder / "pictures.zip", "w") as pictures:
        for values, label in zip(bunch.images, bunch.target, strict=True):
            seen[label] += 1
            if seen[label] <= PER_CLASS:
                body = io.BytesIO()
                picture = Image.fromarray((values * 15.9).astype("uint8")).resize((28, 28))
                picture.save(body, "PNG")
                pictures.writestr(f"{label}/{seen[label]:06}.png", body.getvalue())
    classes = [{"name": str(label), "count": PER_CLASS} for label in range(10)]
    manifest = {"version": 1, "kind": "pictures", "count": 10 * PER_CLASS, "classes": classes}
    manifest |= {"width": 28, "height": 28, "mode": "L"}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def penguins(folder: Path) -> None:
    """The Palmer penguins: numbers, texts, and gaps among both."""
    folder.mkdir()
    source = Path(palmerpenguins.__file__).parent / "data" / "penguins.csv"
    with source.open(newline="") as lines:
        header, *rows = (
            [cell if cell != "NA" else "" for cell in row] for row in csv.reader(lines)
        )
    with (folder / "data.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    counts = Counter(row[0] for row in rows)
    manifest = {
        "version": 1,
        "kind": "table",
        "rows": len(rows),
        "columns": [{"name": n, "type": "text" if n in TEXTS else "number"} for n in header],
        "label": "species",
        "classes": [{"name": name, "count": count} for name, count in counts.items()],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    digits(target / "digits")
    penguins(target / "penguins")
