"""Preparation and model as one ONNX file: raw columns in, probabilities out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import onnx
import onnxruntime
import skl2onnx
from columns import Column
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from runtime import Run

INPUT, OUTPUT = "input", "output"
"""The names that XEduHub asks for (xedu-python 2.0.0, hub/workflow.py, _basenn_infer)."""

OPSET = 15
"""Old enough for the onnxruntime of a school's computers, new enough for every algorithm here."""


def as_onnx(
    run: Run, pipeline: Pipeline, columns: Sequence[Column], labels: Sequence[str]
) -> bytes:
    """The model's bytes. A text column goes in as the place of its text in `values`."""
    model = skl2onnx.to_onnx(
        pipeline,
        initial_types=[(INPUT, FloatTensorType([None, len(columns)]))],
        options={id(pipeline.steps[-1][1]): {"zipmap": False}},
        target_opset=OPSET,
    )
    _keep_probabilities(model)
    features = [
        {"name": column.name, "values": list(column.values) if column.values else None}
        for column in columns
    ]
    properties = {
        "input_size": str([1, len(columns)]),
        "dataset_type": "tab",
        "labels": json.dumps(list(labels), ensure_ascii=False),
        "features": json.dumps(features, ensure_ascii=False),
        "preprocessing": "float32; a number as it is, a text as its place in values, or -1",
        "template": run.template,
        "run": run.id,
    }
    onnx.helper.set_model_props(model, properties)
    return bytes(model.SerializeToString())


def probabilities(model: bytes, rows: Any, threads: int) -> Any:
    """What the file itself answers: the marks of a run are those of the model taken home."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run([OUTPUT], {INPUT: rows})[0]


def _keep_probabilities(model: onnx.ModelProto) -> None:
    """Leaves one output, named as XEduHub wants it; scikit-learn's models have the label too."""
    old = model.graph.output[-1].name
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            if name == old:
                node.output[place] = OUTPUT
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = OUTPUT
    model.graph.output[-1].name = OUTPUT
    del model.graph.output[0]
