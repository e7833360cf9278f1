"""The pictures of a run: which ones are learnt from, which are kept for the test, as tensors."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from runtime import DataUnreadable, Run
from runtime.pictures import Pictures

MOST_HELD_OUT = 50
GREY = ("1", "L", "LA", "I", "I;16", "F")


@dataclass(frozen=True)
class Example:
    """One picture: its member name and its class as a number."""

    name: str
    label: int


def split(run: Run, pictures: Pictures) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and held-out ones.

    The order depends on the names alone: every seat of a class is tested on the same pictures,
    however many it learns from.
    """
    most = int(run.parameters["pictures_per_class"])
    share = float(run.parameters["held_out"])
    learn: list[Example] = []
    test: list[Example] = []
    for label, names in enumerate(pictures.by_class.values()):
        order = sorted(names)
        random.Random(len(order)).shuffle(order)  # noqa: S311 - a fixed order, no secret
        held = min(max(1, round(len(order) * share)), MOST_HELD_OUT)
        test += [Example(name, label) for name in order[:held]]
        learn += [Example(name, label) for name in order[held : held + most]]
    return learn, test


class Album:
    """Decodes pictures to one size. Colour goes in as blue, green, red: the order in which
    OpenCV, and so XEduHub, reads a picture file (https://docs.opencv.org/4.x/ "imread").
    """

    def __init__(self, pictures: Pictures, side: int) -> None:
        self._pictures = pictures
        self.side = side
        first = next(iter(pictures.by_class.values()))[0]
        self.channels = 1 if self._open(first).mode in GREY else 3

    def tensor(self, examples: list[Example]) -> torch.Tensor:
        """Values from 0 to 255 as bytes, shape [examples, channels, side, side]."""
        body = np.stack([self._array(example.name) for example in examples])
        return torch.from_numpy(body).permute(0, 3, 1, 2)

    def png(self, name: str, longest: int = 96) -> bytes:
        """One picture for people to look at, no larger than `longest` pixels."""
        picture = self._open(name)
        picture.thumbnail((longest, longest))
        body = io.BytesIO()
        picture.convert("L" if self.channels == 1 else "RGB").save(body, "PNG")
        return body.getvalue()

    def _array(self, name: str) -> np.ndarray:
        picture = self._open(name).convert("L" if self.channels == 1 else "RGB")
        if picture.size != (self.side, self.side):
            picture = picture.resize((self.side, self.side), Image.Resampling.BILINEAR)
        array = np.asarray(picture, dtype=np.uint8)
        return array[:, :, None] if self.channels == 1 else array[:, :, ::-1]

    def _open(self, name: str) -> Image.Image:
        try:
            picture = Image.open(self._pictures.read(name))
            picture.load()
        except (OSError, UnidentifiedImageError) as error:
            raise DataUnreadable(f"{name}: {error}") from error
        return picture
