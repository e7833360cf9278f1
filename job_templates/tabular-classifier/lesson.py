"""From a table to a model, its marks and its report."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from classifier import Classifier, preparation
from columns import Column, Rows, chosen, split
from model_file import as_onnx, probabilities

from runtime import Run
from runtime.marks import Marks, class_names, save_marks
from runtime.report.page import Sample, Story, write_report
from runtime.table import Table

HERE = Path(__file__).resolve().parent
PORTIONS = 10


def learn_table(run: Run) -> None:
    """The whole of a run."""
    table = Table(run.data_folder)
    rows = split(run, table)
    columns = chosen(run, table, rows.learn)
    everything = np.stack([column.encode(table) for column in columns], axis=1)
    prepared = preparation(columns).fit(everything[list(rows.learn)])
    classifier = Classifier(run, prepared)

    run.report.stage("training")
    learnt = _learn_more_and_more(run, classifier, everything, rows)

    run.report.stage("evaluating")
    model = as_onnx(run, classifier.pipeline, columns, rows.labels)
    threads = int(run.share.get("cores") or 1)
    marks = Marks.of(
        rows.labels,
        class_names(run, rows.labels),
        [rows.truths[row] for row in rows.test],
        probabilities(model, everything[list(rows.test)], threads),
    )
    run.headline(accuracy=marks.accuracy, baseline=marks.baseline)

    run.report.stage("saving")
    run.save_bytes("model.onnx", model, "model")
    _save_marks(run, table, columns, rows, marks, learnt)


def _learn_more_and_more(
    run: Run, classifier: Classifier, everything: np.ndarray, rows: Rows
) -> int:
    """Trains anew on a tenth of the rows, two tenths, … all: the learning curve of the algorithm.

    Returns how many rows the last model learnt from: all of them unless the bell rang.
    """
    truths = np.array([rows.truths[row] for row in (*rows.learn, *rows.test)])
    learn_truths, test_truths = truths[: len(rows.learn)], truths[len(rows.learn) :]
    learn, test = everything[list(rows.learn)], everything[list(rows.test)]
    least = min(2 * len(rows.labels), len(learn))
    sizes = {max(least, math.ceil(len(learn) * n / PORTIONS)) for n in range(1, PORTIONS + 1)}
    learnt = 0
    for size in sorted(sizes):
        if learnt and run.finish_now:
            break
        classifier.fit(learn[:size], learn_truths[:size])
        learnt = size
        run.report.metric(
            step=size,
            accuracy=_accuracy(classifier, test, test_truths),
            train_accuracy=_accuracy(classifier, learn[:size], learn_truths[:size]),
        )
        run.report.progress(step=size, steps=len(learn))
    return learnt


def _accuracy(classifier: Classifier, rows: np.ndarray, truths: np.ndarray) -> float:
    return float((classifier.probabilities(rows).argmax(axis=1) == truths).mean())


def _save_marks(
    run: Run, table: Table, columns: list[Column], rows: Rows, marks: Marks, learnt: int
) -> None:
    samples, items = [], []
    cells = {column.name: table.column(column.name) for column in columns}
    for number in marks.samples():
        row = {name: column[rows.test[number]] for name, column in cells.items()}
        samples.append(Sample(number, row=row))
        items.append({"row": row, **marks.answer(number)})
    save_marks(run, marks, items, rows.test)
    write_report(run, HERE, _story(run, columns, marks, samples, learnt))


def _story(
    run: Run, columns: list[Column], marks: Marks, samples: list[Sample], learnt: int
) -> Story:
    labels = json.dumps(list(marks.names), ensure_ascii=False)
    codes = "".join(
        f"# {column.name}: "
        + ", ".join(f"{place} = {value}" for place, value in enumerate(column.values))
        + "\n"
        for column in columns
        if column.values is not None
    )
    names = ", ".join(column.name for column in columns)
    return Story(
        title=run.say("我的表格分类器", "My table classifier"),
        things=run.say("行", "rows"),
        marks=marks,
        samples=samples,
        learnt_from=learnt,
        x="step",
        x_label=run.say("学习用的行数", "rows learnt from"),
        snippet="from XEdu.hub import Workflow as wf\n"
        "model = wf(task='basenn', checkpoint='model.onnx')\n"
        f"# {names}\n{codes}"
        f"answer = model.inference(data=[[{', '.join('0' for _ in columns)}]])\n"
        f"print({labels}[answer[0].argmax()])",
        tips=[
            run.say(
                "换一种学习方法，正确率会变吗？", "Choose another way of learning and compare."
            ),
            run.say(
                "只留一列来判断，哪一列最有用？",
                "Judge by a single column: which one is the most useful?",
            ),
            run.say(
                "曲线到最后还在往上走，说明再多收集一些数据会更好。",
                "If the curve still rises at its end, more data would help.",
            ),
        ],
    )
