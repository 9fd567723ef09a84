"""How onnxruntime is opened here: one thread, in order, everything optimised.

onnxruntime then runs on the thread that calls it, so that thread's processor time is all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

Feeds = dict[str, NDArray[Any]]
_INTEGERS = 8  # below every vocabulary and number of rows that is not a toy


def runtime_version() -> str:
    """Version of onnxruntime, "" when it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("onnxruntime")
    except PackageNotFoundError:
        return ""


def open_session(data: bytes, dump: Path | None = None, profile: Path | None = None) -> Any:
    """Load a model in onnxruntime.

    Args:
        data: bytes of a model that needs no other file (`formats.runnable`).
        dump: where to write the graph that onnxruntime made of it.
        profile: how the file names of a profile begin.

    Raises:
        EngineError: onnxruntime is not installed, or does not take the model.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError("onnxruntime is not installed",
                          try_this="pip install onnxruntime") from error  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if dump is not None:
        options.optimized_model_filepath = str(dump)
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own, unrelated types
        found = str(error).replace("\n", " ")[:300]
        raise EngineError("onnxruntime does not take the model", found=found) from error


_NUMPY: Mapping[str, str] = {
    "float": "float32", "double": "float64", "float16": "float16", "int64": "int64",
    "int32": "int32", "int16": "int16", "int8": "int8", "uint8": "uint8", "uint16": "uint16",
    "uint32": "uint32", "uint64": "uint64", "bool": "bool",
}  # fmt: skip


def inputs_for(data: bytes, bindings: Mapping[str, int] | None = None, seed: int = 0) -> Feeds:
    """Inputs that are made up for a model; sizes that are not bound take their default."""
    from engine.formats import load, read_trusted, runnable

    graph = read_trusted(data, bindings)
    return feeds_for(open_session(runnable(load(data, "").data, graph).data), seed)


def feeds_for(session: Any, seed: int = 0) -> Feeds:
    """Random inputs: normal for floats, small and not negative for integers, True for masks.

    Raises:
        EngineError: an input is not a tensor of numbers, or has an open size.
    """
    random = np.random.default_rng(seed)
    feeds: Feeds = {}
    for given in session.get_inputs():
        word = given.type.removeprefix("tensor(").removesuffix(")")
        shape = tuple(given.shape)
        if word not in _NUMPY or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise EngineError("an input cannot be made up", given.name,
                              found=f"{given.type} {shape}")  # fmt: skip
        dtype = _NUMPY[word]
        if dtype.startswith("float"):
            feeds[given.name] = random.standard_normal(shape).astype(dtype)
        elif dtype == "bool":
            feeds[given.name] = np.ones(shape, bool)
        else:
            high = 2 if "mask" in given.name.lower() else _INTEGERS
            low = 1 if high == 2 else 0
            feeds[given.name] = random.integers(low, high, shape).astype(dtype)
    return feeds
