"""The images of the digits demo, as the network takes them: 8×8 in the file, 32×32 here.

600 test images, 60 of each digit, and 192 of those it was trained on, without labels, to measure
activations on.  Where they come from stands in PROVENANCE.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("digits.npz")
RARE = (5, 8, 9)  # digits of which the network saw few
INPUT = "image"
_SIZE, _STORED, _TOP = 32, 8, 16


def enlarged(images: NDArray[Any]) -> NDArray[np.float32]:
    """`[n, 8, 8]` of 0..16 -> `[n, 1, 32, 32]` of 0..1, bilinear with the corners not aligned."""
    at = np.clip((np.arange(_SIZE) + 0.5) * _STORED / _SIZE - 0.5, 0, _STORED - 1)
    low = np.minimum(at.astype(int), _STORED - 2)
    rows = np.zeros((_SIZE, _STORED))
    rows[np.arange(_SIZE), low] = 1 - (at - low)
    rows[np.arange(_SIZE), low + 1] += at - low
    made = rows @ (images.astype(np.float64) / _TOP) @ rows.T
    return made[:, None].astype(np.float32)


def judged_arrays() -> dict[str, NDArray[Any]]:
    """Test images, their labels and the images as they are, as a data file holds them."""
    with np.load(FILE, allow_pickle=False) as file:
        return {
            INPUT: enlarged(file["images"]), "labels": file["labels"].astype(np.int64),
            "shown": file["images"],
        }  # fmt: skip


def fit_arrays() -> dict[str, NDArray[Any]]:
    """Images to measure activations on."""
    with np.load(FILE, allow_pickle=False) as file:
        return {INPUT: enlarged(file["calibration"])}
