"""Run inside the training environment: what a model that was taken home really gets right.

    score.py ATTEMPT DATA  ->  one line of JSON {"accuracy": …}

Nothing of the templates' code is used: only model.onnx, labels.json, split.json and the data set,
by what the model's own metadata says of its input.
"""

import csv
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


def pictures(data: Path, held_out: list[str], side: int, channels: str) -> np.ndarray:
    """Held-out pictures as the metadata wants them."""
    with zipfile.ZipFile(data / "pictures.zip") as members:
        images = [Image.open(io.BytesIO(members.read(name))) for name in held_out]
    grey = channels == "grey"
    images = [image.convert("L" if grey else "RGB").resize((side, side), 2) for image in images]
    arrays = [np.asarray(image, dtype=np.float32) for image in images]
    if grey:
        return np.stack(arrays)[:, None]
    return np.stack(arrays)[..., ::-1].transpose(0, 3, 1, 2)


def rows(table: list[dict[str, str]], held_out: list[int], features: list[dict]) -> np.ndarray:
    """Held-out rows as the metadata wants them."""

    def number(feature: dict, cell: str) -> float:
        if feature["values"] is None:
            return float(cell or "nan")
        return float(feature["values"].index(cell)) if cell in feature["values"] else -1.0

    cells = [[number(f, table[row][f["name"]]) for f in features] for row in held_out]
    return np.array(cells, dtype=np.float32)


def main() -> None:
    """Scores the model of one attempt."""
    artifacts, data = Path(sys.argv[1]) / "artifacts", Path(sys.argv[2])
    session = onnxruntime.InferenceSession(str(artifacts / "model.onnx"))
    properties = session.get_modelmeta().custom_metadata_map
    labels = json.loads((artifacts / "labels.json").read_text())["labels"]
    held_out = json.loads((artifacts / "split.json").read_text())["held_out"]
    if properties["dataset_type"] == "img":
        side = json.loads(properties["input_size"])[-1]
        given = pictures(data, held_out, side, properties["channels"])
        truths = [name.split("/")[0] for name in held_out]
    else:
        with (data / "data.csv").open(newline="") as lines:
            table = list(csv.DictReader(lines))
        given = rows(table, held_out, json.loads(properties["features"]))
        truths = [table[row]["species"] for row in held_out]
    answers = session.run(["output"], {"input": given})[0]
    guesses = [labels[number] for number in answers.argmax(axis=1)]
    right = sum(guess == truth for guess, truth in zip(guesses, truths, strict=True))
    sys.stdout.write(
        json.dumps({"accuracy": right / len(truths), "sums": answers.sum(axis=1).tolist()})
    )


if __name__ == "__main__":
    main()
