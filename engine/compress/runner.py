"""Run a model on samples, to calibrate, to repair and to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats import Network

Arrays = dict[str, NDArray[Any]]


class Runner:
    """A model that is ready to run on one thread.

    Args:
        model: bytes of an ONNX file.
        optimized: False runs the nodes as they stand.

    Raises:
        EngineError: onnxruntime does not take it.
    """

    def __init__(self, model: bytes, optimized: bool = True) -> None:
        import onnxruntime  # only who runs a model pays for loading it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        if not optimized:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own, unrelated types
            raise EngineError("onnxruntime does not take the model", found=_first(error)) from error
        self.outputs = tuple(o.name for o in self._session.get_outputs())
        self._inputs = tuple(i.name for i in self._session.get_inputs())

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """Outputs by name.

        Raises:
            EngineError: it does not run on these inputs.
        """
        try:
            results = self._session.run(None, {n: feeds[n] for n in self._inputs})
        except Exception as error:
            raise EngineError("the model does not run", found=_first(error)) from error
        return dict(zip(self.outputs, results, strict=True))

    def over(self, batches: Sequence[Arrays]) -> Arrays:
        """Outputs over batches, joined along the first axis."""
        runs = [self(feeds) for feeds in batches]
        return {n: np.concatenate([np.atleast_1d(r[n]) for r in runs]) for n in self.outputs}


def predictions(model: bytes, inputs: Mapping[str, NDArray[Any]], most: int = 32) -> Arrays:
    """Outputs of a model for every sample, the last ones of a batch that is not full included.

    Args:
        model: bytes of an ONNX file.
        inputs: name -> [samples, ...].
        most: samples in a batch where the model leaves that open.

    Raises:
        EngineError: the model does not run, or an output has no row for each sample.
    """
    parts = [made for _, made in runs(model, inputs, most)]
    names = [n for n in parts[0] if all(n in p for p in parts)]
    return {n: np.concatenate([p[n] for p in parts]) for n in names}


def runs(
    model: bytes, inputs: Mapping[str, NDArray[Any]], most: int = 32
) -> Iterator[tuple[range, Arrays]]:
    """As `predictions`, a batch at a time: which samples it has, and the outputs of these."""
    runner, sizes = Runner(model), Network(model).inputs
    count = min(len(a) for a in inputs.values())
    fixed = [d[0] for _, d in sizes.values() if d and isinstance(d[0], int)]
    size = max(1, fixed[0] if fixed else min(most, count))
    for start in range(0, count, size):
        rows = np.minimum(np.arange(start, start + size), count - 1)
        made = runner({n: a[rows] for n, a in inputs.items()})
        wide = {n: np.atleast_1d(a) for n, a in made.items()}
        done = range(start, min(start + size, count))
        yield done, {n: a[: len(done)] for n, a in wide.items() if len(a) == size}


def batches(
    inputs: Mapping[str, NDArray[Any]],
    sizes: Mapping[str, tuple[str, tuple[int | str, ...]]],
    most: int = 32,
) -> Iterator[Arrays]:
    """Samples in equal batches; those that fill no batch are left out.

    Calibrators of onnxruntime stack what they see, and fail on a shorter last batch.

    Args:
        inputs: name -> [samples, ...].
        sizes: `Network.inputs`; a first size that is a number is the batch.
        most: samples in a batch where the model leaves that open.
    """
    count = min(len(a) for a in inputs.values())
    fixed = [d[0] for _, d in sizes.values() if d and isinstance(d[0], int)]
    size = max(1, fixed[0] if fixed else min(most, count))
    for start in range(0, count - size + 1, size):
        yield {n: a[start : start + size] for n, a in inputs.items()}


def _first(error: Exception) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]
