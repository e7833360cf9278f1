"""A small convolutional network, and the rule by which it corrects itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

WIDTHS = {"small": 12, "medium": 24, "large": 48}


class Network(nn.Module):
    """Raw pictures (0 to 255) in, one score per class out. Scaling is part of the network, so
    that whoever uses the model hands it a picture as it was read from a file.
    """

    def __init__(self, channels: int, side: int, classes: int, size: str) -> None:
        super().__init__()
        width = WIDTHS[size]
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, 64),
            nn.ReLU(),
            nn.Linear(64, classes),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores before softmax, shape [pictures, classes]."""
        return self.layers(pictures / 127.5 - 1.0)  # type: ignore[no-any-return]


class Answering(nn.Module):
    """A network as it goes out: probabilities instead of scores."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Probabilities, shape [pictures, classes]; a row adds up to 1."""
        return torch.softmax(self.network(pictures), dim=1)


class Adam:
    """Adam (Kingma and Ba, https://arxiv.org/abs/1412.6980, algorithm 1).

    torch.optim has it too, but loads torch's compiler on first use: 0.7 s of every seat's CPU
    (torch 2.13), more than half of what a class's training itself takes.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], rate: float) -> None:
        self.parameters: list[nn.Parameter] = list(parameters)
        self.rate = rate
        self.steps = 0
        self._means = [torch.zeros_like(p) for p in self.parameters]
        self._squares = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Moves every parameter against its gradient."""
        self.steps += 1
        first, second = 0.9, 0.999
        rate = self.rate * (1 - second**self.steps) ** 0.5 / (1 - first**self.steps)
        for p, g, m, v in zip(self.parameters, gradients, self._means, self._squares):
            m.lerp_(g, 1 - first)
            v.mul_(second).addcmul_(g, g, value=1 - second)
            p.addcdiv_(m, v.sqrt().add_(1e-8), value=-rate)
