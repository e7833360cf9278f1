"""A small convolutional network."""

from __future__ import annotations

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
