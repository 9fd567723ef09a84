"""Run a model on samples, and keep what it made of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.behaviors.outputs import SCORES, Outputs, outputs
from engine.compress import Samples, judged_output, predictions


def run_outputs(
    model: bytes, samples: Samples, names: Sequence[str] = (), output: str = ""
) -> Outputs:
    """What a model makes of samples.

    Args:
        model: bytes of an ONNX file.
        samples: with labels, or targets; without both only models compare with each other.
        names: of the classes, by number.
        output: name of the output; "" takes the first that fits.

    Returns:
        `scores` of a classifier, or the named output of another model, beside `error`, the mean
        size of what it is off the targets.

    Raises:
        EngineError: the model does not run, or no output fits.
    """
    name, made = judged_output(predictions(model, samples.inputs), output, samples)
    labels = None if samples.labels is None else samples.labels.tolist()
    if samples.targets is not None:
        off = np.abs(made - samples.targets.reshape(made.shape)).mean(axis=1)
        return outputs(None, {name: made, "error": off}, labels, said=[None] * len(made))
    classes = made.ndim == 2 and made.shape[1] > 1 and made.dtype.kind == "f"
    return outputs(None, {SCORES if classes else name: made}, labels, names=names)
