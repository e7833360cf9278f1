"""The trained network as an ONNX file that XEduHub's basenn task, a browser or a board can run."""

from __future__ import annotations

import io
import json
import warnings

import onnx
import onnxruntime
import torch
from album import Album
from network import Answering

from runtime import Run

INPUT, OUTPUT = "input", "output"
"""The names that XEduHub asks for (xedu-python 2.0.0, hub/workflow.py, _basenn_infer)."""

AT_ONCE = 128
"""Pictures answered together: a large network takes a megabyte and more for each."""


def as_onnx(run: Run, answering: Answering, album: Album, labels: list[str]) -> bytes:
    """The model's bytes: pictures of 0 to 255 in, probabilities out, any number at a time."""
    shape = (1, album.channels, album.side, album.side)
    body = io.BytesIO()
    with warnings.catch_warnings():
        # torch says that its other exporter is the default now; that one needs a package more
        # and writes the weights to a second file (docs/write-a-template.md).
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            answering.eval(),
            (torch.zeros(shape),),
            body,
            dynamo=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
        )
    model = onnx.load_from_string(body.getvalue())
    properties = {
        "input_size": str(list(shape)),
        "dataset_type": "img",
        "labels": json.dumps(labels, ensure_ascii=False),
        "preprocessing": "float32, values 0 to 255 as read, no scaling; resize to the input's side",
        "channels": "grey" if album.channels == 1 else "BGR",
        "template": run.template,
        "run": run.id,
    }
    onnx.helper.set_model_props(model, properties)
    return bytes(model.SerializeToString())


def probabilities(model: bytes, pictures: torch.Tensor) -> list[list[float]]:
    """What the file itself answers: the marks of a run are those of the model taken home."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return [
        row
        for part in pictures.split(AT_ONCE)
        for row in session.run([OUTPUT], {INPUT: part.float().numpy()})[0].tolist()
    ]
