"""Two models to start with, so that the first screen is worth seeing.

`MODELS` says what they are; where they come from stands in PROVENANCE.md beside them.
`digits_net.py` and `train_digits.py` need torch and are imported by nobody: the product opens the
exported files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Demo:
    """A model that ships with the product.

    Args:
        name: what the user reads.
        path: the file, ONNX packed with gzip.
        description: one sentence: what it does and what there is to see.
    """

    name: str
    path: Path
    description: str


MODELS: tuple[Demo, ...] = (
    Demo(
        "Digits CNN",
        Path(__file__).with_name("digits_cnn.onnx.gz"),
        "Tells handwritten digits apart, 98.5 % right on 600 unseen ones, though it saw few fives, "
        "eights and nines: residual sums, depthwise convolutions and batch norms that fuse, every "
        "task with its line of source.",
    ),
    Demo(
        "U-Net",
        Path(__file__).with_name("unet.zip"),
        "Segments 256×256 images, untrained: most of its time sits at full resolution, most of its "
        "weights at the bottom. Its source comes with it.",
    ),
)
