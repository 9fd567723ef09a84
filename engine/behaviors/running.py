"""Run a model on samples, batch by batch, and keep what it made of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.behaviors.outputs import MOST_WIDTH, SCORES, Outputs, outputs
from engine.compress import Samples, judged_output, runs
from engine.errors import EngineError


def run_outputs(
    model: bytes, samples: Samples, names: Sequence[str] = (), output: str = "",
    told: Callable[[int], None] = lambda _done: None,
) -> Outputs:  # fmt: skip
    """What a model makes of samples.

    Beside the samples only the output that counts is in memory, whatever else the model gives.

    Args:
        model: bytes of an ONNX file.
        samples: with labels, or targets; without both only models compare with each other.
        names: of the classes, by number.
        output: name of the output; "" takes the first that fits.
        told: called with the number of samples that are done, after every batch.

    Returns:
        `scores` of a classifier, or the named output of another model, beside `error`, the mean
        size of what it is off the targets.

    Raises:
        EngineError: the model does not run, or no output fits.
    """
    off, floats = np.zeros(0, np.float32), False
    made = np.zeros((0, 0), np.float32)
    for rows, batch in runs(model, samples.inputs):
        part = samples.take(np.asarray(rows))
        output, found = judged_output(batch, output, part)
        if not rows.start:
            if found.shape[1] > MOST_WIDTH:
                raise EngineError("is too wide", output[:200], f"at most {MOST_WIDTH:,} numbers",
                                  f"{found.shape[1]:,} an instance")  # fmt: skip
            floats = found.dtype.kind == "f"
            made = np.zeros((samples.count, found.shape[1]), np.float32)
            off = np.zeros(samples.count if part.targets is not None else 0, np.float32)
        if found.shape[1] != made.shape[1]:
            raise EngineError("has another width for other samples", output[:200],
                              f"{made.shape[1]:,} numbers", f"{found.shape[1]:,}")  # fmt: skip
        made[rows] = found
        if part.targets is not None:
            off[rows] = np.abs(found - part.targets.reshape(found.shape)).mean(axis=1)
        told(rows.stop)
    labels = None if samples.labels is None else samples.labels.tolist()
    if samples.targets is not None:
        return outputs(None, {output: made, "error": off}, labels, said=[None] * len(made))
    classes = made.shape[1] > 1 and floats
    return outputs(None, {SCORES if classes else output: made}, labels, names=names)
