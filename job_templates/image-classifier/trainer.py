"""The training itself: look at a few pictures, be corrected, again; keep the best network."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
from network import Network
from torch.nn import functional

from runtime import Run

BATCH = 32
AT_ONCE = 128
LOOKS_PER_EPOCH = 2
SHIFT = 0.08


@dataclass(frozen=True)
class Examples:
    """Pictures (as bytes, a quarter of what floats take) and their classes, on the device that
    computes.
    """

    pictures: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)


class Trainer:
    """Trains a network on some examples and tests it on others, twice an epoch."""

    def __init__(self, run: Run, network: Network, learn: Examples, test: Examples) -> None:
        self._run = run
        self._network = network
        self._learn = learn
        self._test = test
        self._epochs = int(run.parameters["epochs"])
        self._augment = bool(run.parameters["augment"])
        rate = float(run.parameters["learning_rate"])
        self._adam = torch.optim.Adam(network.parameters(), lr=rate)
        self._best: tuple[float, float, dict[str, Any]] | None = None
        self._seen = self._right = 0
        self._loss = 0.0

    def train(self) -> Network:
        """Trains until the end or until the bell; returns the best network that was tested."""
        run = self._run
        batches = math.ceil(len(self._learn) / BATCH)
        steps = batches * self._epochs
        look_every = max(1, batches // LOOKS_PER_EPOCH)
        step = 0
        while step < steps and not run.finish_now:
            order = torch.randperm(len(self._learn), device=self._learn.labels.device)
            for batch in order.split(BATCH):
                self._correct(batch)
                step += 1
                epoch = step / batches
                run.report.progress(step=step, steps=steps, epoch=epoch, epochs=self._epochs)
                if run.finish_now:
                    break
                if step % look_every == 0 or step == steps:
                    self._look(step, epoch)
        if self._seen:
            self._look(step, step / batches)
        if self._best is not None:
            self._network.load_state_dict(self._best[2])
        return self._network.eval()

    def _correct(self, batch: torch.Tensor) -> None:
        pictures, labels = self._learn.pictures[batch], self._learn.labels[batch]
        if self._augment:
            pictures = _changed(pictures)
        scores = self._network(pictures)
        loss = functional.cross_entropy(scores, labels)
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()
        self._seen += len(labels)
        self._right += int((scores.argmax(1) == labels).sum())
        self._loss += float(loss.detach()) * len(labels)

    def _look(self, step: int, epoch: float) -> None:
        """Tests the network as it is now, draws a point, keeps it if it is the best so far."""
        with torch.no_grad():
            parts = self._test.pictures.split(AT_ONCE)
            scores = torch.cat([self._network(part) for part in parts])
            loss = float(functional.cross_entropy(scores, self._test.labels))
            accuracy = float((scores.argmax(1) == self._test.labels).float().mean())
        if self._seen:
            self._run.report.metric(
                step=step,
                epoch=epoch,
                accuracy=accuracy,
                train_accuracy=self._right / self._seen,
                train_loss=self._loss / self._seen,
            )
        self._seen = self._right = 0
        self._loss = 0.0
        if self._best is None or (accuracy, -loss) > (self._best[0], -self._best[1]):
            self._best = (accuracy, loss, copy.deepcopy(self._network.state_dict()))


def _changed(pictures: torch.Tensor) -> torch.Tensor:
    """Each batch flipped or not, and moved by up to a twelfth of its side."""
    if torch.rand(()) < 0.5:
        pictures = pictures.flip(3)
    most = max(1, round(pictures.shape[-1] * SHIFT))
    down, right = (int(torch.randint(-most, most + 1, ())) for _ in range(2))
    return torch.roll(pictures, (down, right), (2, 3))
