"""Puts the page together: how good it is, how it learnt, what it mixes up, what to try next."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from runtime.marks import Marks
from runtime.report.charts import Line, confusion_chart, percent_chart, ring
from runtime.report.labels import settings_in_words
from runtime.run import Run

MOST_ON_THE_PAGE = 18
LEARNT_BY_HEART = 0.12
"""This much better on what it learnt from than on the test, and it has learnt by heart."""


@dataclass(frozen=True)
class Sample:
    """One held-out example: its number in the marks, and a picture (PNG) or the row's cells."""

    number: int
    picture: bytes | None = None
    row: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Story:
    """What the page tells. `things` is what the examples are called: 图片, pictures."""

    title: str
    things: str
    marks: Marks
    samples: Sequence[Sample]
    learnt_from: int
    x: str
    x_label: str
    snippet: str
    tips: Sequence[str] = field(default_factory=tuple)


def write_report(run: Run, folder: Path, story: Story) -> None:
    """Saves report.html in the language of the run.

    Args:
        folder: the template's own folder, for the words of its form.
    """
    sections = [
        _hero(run, story),
        _curve(run, story),
        _confusion(run, story),
        _samples(run, story),
        _tips(run, story),
        _settings(run, folder),
        _take_home(run, story),
    ]
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    page = (
        f'<!DOCTYPE html><html lang="{run.say("zh-CN", "en")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(story.title)} · {escape(run.data_name)}</title>"
        f"<style>{style}</style></head><body>{''.join(sections)}</body></html>\n"
    )
    run.save_bytes("report.html", page.encode(), "report")


def _hero(run: Run, story: Story) -> str:
    marks = story.marks
    total, right = len(marks.truths), marks.right
    about = [run.data_name]
    if run.seat:
        seat, klass = run.seat.get("number"), run.seat.get("class")
        about.append(run.say(f"{klass} 班 {seat} 号座位", f"class {klass}, seat {seat}"))
    tested = run.say(
        f"它从没见过的 {total} {story.things}，它认对了 {right} 个，认错了 {total - right} 个。",
        f"Of {total} {story.things} that it had never seen, it got {right} right "
        f"and {total - right} wrong.",
    )
    guessing = run.say(
        f"如果每次都猜同一个最常见的答案，只能对 {marks.baseline:.0%}。",
        f"Always giving the most frequent answer would be right {marks.baseline:.0%} of the time.",
    )
    early = ""
    if run.finished_early:
        early = run.say(
            "下课铃响了，训练提前结束，留下的是到那时最好的模型。",
            "The bell rang, so training ended early; this is the best model up to then.",
        )
    return (
        f'<header><p class="about">{escape(" · ".join(about))}</p><h1>{escape(story.title)}</h1>'
        f'</header><section class="hero">{ring(marks.accuracy)}<div><p><strong>'
        f"{escape(_verdict(run, marks))}</strong></p><p>{escape(tested)}</p>"
        f"<p>{escape(guessing)}</p><p>{escape(early)}</p></div></section>"
    )


def _verdict(run: Run, marks: Marks) -> str:
    accuracy, gain = marks.accuracy, marks.accuracy - marks.baseline
    if gain < 0.05:
        return run.say("它几乎还在瞎猜。", "It is still not much better than guessing.")
    if accuracy >= 0.95:
        return run.say("它学得非常好！", "It has learnt this very well!")
    if accuracy >= 0.8:
        return run.say("它学得不错。", "It has learnt this well.")
    return run.say("它学会了一些，还能更好。", "It has learnt something and can do better.")


def _curve(run: Run, story: Story) -> str:
    points = _points(run.out / "metrics.jsonl")
    lines = [
        Line(name, [(p[story.x], p[key]) for p in points if story.x in p and key in p])
        for key, name in (
            ("accuracy", run.say("没见过的（测试）", "never seen (test)")),
            ("train_accuracy", run.say("学习用的", "learnt from")),
        )
    ]
    seconds = run.report.seconds_trained() or 0.0
    told = run.say(
        f"它看了 {story.learnt_from} {story.things}来学习，用了 {seconds:.1f} 秒。线越高越好。",
        f"It learnt from {story.learnt_from} {story.things} in {seconds:.1f} seconds. "
        "The higher the line, the better.",
    )
    hint = ""
    last = {line.name: line.points[-1][1] for line in lines if line.points}
    if len(last) == 2:
        test, learnt = last.values()
        if learnt - test > LEARNT_BY_HEART:
            hint = run.say(
                "两条线离得很远：它把学过的背下来了，遇到新的就没那么准。",
                "The lines are far apart: it knows by heart what it learnt from, "
                "and is less sure with new ones.",
            )
    heading = run.say("它是怎么学会的", "How it learnt")
    return (
        f"<section><h2>{heading}</h2><p>{escape(told)}</p>"
        f"{percent_chart(lines, story.x_label)}<p>{escape(hint)}</p></section>"
    )


def _points(file: Path) -> list[Mapping[str, float]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _confusion(run: Run, story: Story) -> str:
    marks = story.marks
    mixed = marks.worst_mix_up()
    if mixed is None:
        told = run.say("它一次也没有认错。", "It never mixed up any of them.")
    else:
        truth, guess, count = mixed
        a, b = marks.names[truth], marks.names[guess]
        told = run.say(
            f"它最容易把“{a}”认成“{b}”（{count} 次）。",
            f"What it mixes up most: it took “{a}” for “{b}” ({count} times).",
        )
    how = run.say(
        "每一行是真正的类别，每一列是它的答案。绿色是认对的，红色是认错的。",
        "A row is the true class, a column its answer. Green is right, red is wrong.",
    )
    heading = run.say("它分得清谁和谁", "Which ones it can tell apart")
    chart = confusion_chart(marks.names, marks.matrix())
    return f"<section><h2>{heading}</h2><p>{escape(told)}</p><p>{escape(how)}</p>{chart}</section>"


def _samples(run: Run, story: Story) -> str:
    shown = story.samples[:MOST_ON_THE_PAGE]
    if not shown:
        return ""
    heading = run.say("看几个例子", "A few examples")
    draw = _picture_sample if shown[0].picture is not None else _row_sample
    entries = "".join(draw(run, story.marks, sample) for sample in shown)
    if shown[0].picture is not None:
        return f'<section><h2>{heading}</h2><ul class="samples">{entries}</ul></section>'
    columns = "".join(f"<th>{escape(name)}</th>" for name in shown[0].row or {})
    truth, guess = run.say("真正的类别", "True class"), run.say("它的答案", "Its answer")
    return (
        f'<section><h2>{heading}</h2><div class="wide"><table><tr>{columns}<th>{truth}</th>'
        f"<th>{guess}</th></tr>{entries}</table></div></section>"
    )


def _answer(run: Run, marks: Marks, number: int) -> str:
    right = marks.truths[number] == marks.guesses[number]
    sign = "✓" if right else "✗"
    sure = run.say("把握", "sure")
    name = escape(marks.names[marks.guesses[number]])
    return f"<b>{sign} {name}</b> <small>{sure} {marks.confidences[number]:.0%}</small>"


def _picture_sample(run: Run, marks: Marks, sample: Sample) -> str:
    number = sample.number
    right = marks.truths[number] == marks.guesses[number]
    truth = marks.names[marks.truths[number]]
    body = base64.b64encode(sample.picture or b"").decode()
    was = "" if right else run.say(f"其实是 {truth}", f"really {truth}")
    return (
        f'<li class="{"yes" if right else "no"}"><img alt="{escape(truth)}" '
        f'src="data:image/png;base64,{body}"><br>{_answer(run, marks, number)}'
        f"<br>{escape(was)}</li>"
    )


def _row_sample(run: Run, marks: Marks, sample: Sample) -> str:
    number = sample.number
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in (sample.row or {}).values())
    right = marks.truths[number] == marks.guesses[number]
    truth = escape(marks.names[marks.truths[number]])
    return (
        f'<tr class="{"yes" if right else "no"}">{cells}<td>{truth}</td>'
        f"<td>{_answer(run, marks, number)}</td></tr>"
    )


def _tips(run: Run, story: Story) -> str:
    heading = run.say("接下来可以试试", "What to try next")
    entries = "".join(f"<li>{escape(tip)}</li>" for tip in story.tips)
    return f'<section><h2>{heading}</h2><ul class="tips">{entries}</ul></section>'


def _settings(run: Run, folder: Path) -> str:
    heading = run.say("这次的设置", "The settings of this training")
    language = run.say("zh", "en")
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"
        for label, value in settings_in_words(folder, run.parameters, language)
    )
    return f"<section><h2>{heading}</h2><table>{rows}</table></section>"


def _take_home(run: Run, story: Story) -> str:
    heading = run.say("把模型带回家", "Take the model home")
    told = run.say(
        "model.onnx 就是训练好的模型。在装有 XEdu 的电脑上这样用：",
        "model.onnx is the trained model. On a computer with XEdu, use it like this:",
    )
    return (
        f"<section><h2>{heading}</h2><p>{escape(told)}</p>"
        f"<pre>{escape(story.snippet)}</pre></section>"
    )
