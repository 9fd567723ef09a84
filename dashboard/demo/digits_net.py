"""The network of the demo: a small CNN that tells handwritten digits apart.

Written to be worth compiling: convolutions with batch norm and activation that fuse, two residual
sums, depthwise convolutions that few accelerators like, a pooled head.  Needs torch, which is not a
dependency of Paredown: the product opens the exported file only.
"""

# mypy: ignore-errors
from __future__ import annotations

import torch
from torch import nn


class ConvNorm(nn.Module):
    """Convolution, batch norm and, unless `linear`, a ReLU: `[n, i, h, w] -> [n, o, h', w']`."""

    def __init__(
        self, i: int, o: int, size: int = 3, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(i, o, size, stride, size // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(o)
        self.act = None if linear else nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[n, i, h, w] -> [n, o, h / stride, w / stride]`."""
        x = self.norm(self.conv(x))
        return x if self.act is None else self.act(x)


class Residual(nn.Module):
    """Two 3x3 convolutions and the sum with what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels)
        self.second = ConvNorm(channels, channels, linear=True)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[n, c, h, w] -> [n, c, h, w]`."""
        return self.act(x + self.second(self.first(x)))


class InvertedResidual(nn.Module):
    """Widen by a 1x1, filter each channel alone by a 3x3, narrow by a 1x1, add what came in."""

    def __init__(self, channels: int, wide: int) -> None:
        super().__init__()
        self.widen = ConvNorm(channels, wide, size=1)
        self.depthwise = ConvNorm(wide, wide, groups=wide)
        self.narrow = ConvNorm(wide, channels, size=1, linear=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[n, c, h, w] -> [n, c, h, w]`."""
        return x + self.narrow(self.depthwise(self.widen(x)))


class DigitsNet(nn.Module):
    """Ten scores from an image `[n, 1, 32, 32]` with values 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(1, 32)
        self.edges = Residual(32)
        self.down1 = ConvNorm(32, 64, stride=2)
        self.strokes = InvertedResidual(64, 192)
        self.down2 = ConvNorm(64, 96, stride=2)
        self.shapes = InvertedResidual(96, 288)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.classify = nn.Linear(96, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """`[n, 1, 32, 32] -> [n, 10]`, before softmax."""
        x = self.edges(self.stem(image))
        x = self.strokes(self.down1(x))
        x = self.shapes(self.down2(x))
        x = self.drop(self.pool(x).flatten(1))
        return self.classify(x)
