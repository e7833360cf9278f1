"""From a folder of pictures to a model, its marks and its report."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from album import Album, Example, split
from model_file import as_onnx, probabilities
from network import Answering, Network
from trainer import Examples, Trainer

from runtime import Run
from runtime.device import torch_device
from runtime.marks import Marks, class_names, save_marks
from runtime.pictures import Pictures
from runtime.report.page import Sample, Story, write_report

HERE = Path(__file__).resolve().parent


def learn_pictures(run: Run) -> None:
    """The whole of a run."""
    device = torch_device(run.share)
    torch.manual_seed(run.seed)
    pictures = Pictures(run.data_folder)
    learn, test = split(run, pictures)
    labels = list(pictures.by_class)
    album = Album(pictures, int(run.parameters["picture_size"]))
    learn_examples = _examples(album, learn, device)
    test_pictures = album.tensor(test)
    test_examples = Examples(_laid_out(test_pictures, device), _labels(test, device))

    network = Network(album.channels, album.side, len(labels), run.parameters["model_size"])
    network = network.to(device, memory_format=torch.channels_last)
    run.report.stage("training")
    network = Trainer(run, network, learn_examples, test_examples).train()

    run.report.stage("evaluating")
    names = class_names(run, labels)
    model = as_onnx(run, Answering(network.to("cpu")), album, labels)
    marks = Marks.of(
        labels,
        names,
        [example.label for example in test],
        probabilities(model, test_pictures),
    )
    run.headline(accuracy=marks.accuracy, baseline=marks.baseline)

    run.report.stage("saving")
    run.save_bytes("model.onnx", model, "model")
    _save_marks(run, album, marks, test, len(learn))


def _examples(album: Album, examples: list[Example], device: torch.device) -> Examples:
    return Examples(_laid_out(album.tensor(examples), device), _labels(examples, device))


def _laid_out(pictures: torch.Tensor, device: torch.device) -> torch.Tensor:
    # With the channels last, convolutions on a CPU take a third less time.
    return pictures.to(device).contiguous(memory_format=torch.channels_last)


def _labels(examples: list[Example], device: torch.device) -> torch.Tensor:
    return torch.tensor([example.label for example in examples], device=device)


def _save_marks(run: Run, album: Album, marks: Marks, test: list[Example], learnt: int) -> None:
    samples, items = [], []
    for place, number in enumerate(marks.samples()):
        name = f"predictions/{place:03}.png"
        png = album.png(test[number].name)
        run.save_bytes(name, png, "picture")
        samples.append(Sample(number, picture=png))
        items.append({"picture": name, **marks.answer(number)})
    save_marks(run, marks, items, [example.name for example in test])
    write_report(run, HERE, _story(run, marks, samples, learnt))


def _story(run: Run, marks: Marks, samples: list[Sample], learnt: int) -> Story:
    labels = json.dumps(list(marks.names), ensure_ascii=False)
    return Story(
        title=run.say("我的图片分类器", "My picture classifier"),
        things=run.say("张图片", "pictures"),
        marks=marks,
        samples=samples,
        learnt_from=learnt,
        x="epoch",
        x_label=run.say("训练轮数", "epochs"),
        snippet="from XEdu.hub import Workflow as wf\n"
        "model = wf(task='basenn', checkpoint='model.onnx')\n"
        "answer = model.inference(data='my-picture.png')\n"
        f"print({labels}[answer[0].argmax()])",
        tips=[
            run.say("多给一些学习图片，看看正确率怎么变。", "Give it more pictures to learn from."),
            run.say(
                "打开“变一变再看”：图片少的时候特别有用。",
                "Switch on the small changes: they help most when pictures are few.",
            ),
            run.say(
                "把学习的步子调得很小或很大，曲线会变成什么样？",
                "Make the learning rate very small or very big: what happens to the curve?",
            ),
        ],
    )
