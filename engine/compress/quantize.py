"""Store and compute in fewer bits: static and dynamic int8, fp16, and weights alone.

Activations are quantized by onnxruntime's own quantizer, with the settings that its CPU kernels
are fast for; weights alone are rounded here, in place, and the packed file stores the integers.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.data import Samples
from engine.compress.fold import fold_norms
from engine.compress.layers import Layer, chosen, layers
from engine.compress.prune import moved, some
from engine.compress.runner import Arrays, batches
from engine.compress.spec import Change, Made
from engine.errors import EngineError
from engine.formats import Network

LEAST_OPSET = 13  # a scale a channel needs DequantizeLinear's axis: older files become invalid
BLOCK = 32  # weights that share a scale below 8 bits
_LAYERS = frozenset({"Conv", "ConvTranspose", "MatMul", "Gemm"})
# What stands between the layers of a convolutional net, where staying in integers saves time.
_BETWEEN = ("Add", "Relu", "Clip", "MaxPool", "AveragePool", "GlobalAveragePool", "Concat")
# Where these occur, an Add may be part of a norm or a softmax written out, which int8 breaks.
_DELICATE = frozenset({"Sqrt", "Softmax", "LayerNormalization", "Erf", "Gelu", "Pow", "Exp",
                       "ReduceMean", "Div"})  # fmt: skip
_METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
_TYPES = {"uint8": "QUInt8", "int8": "QInt8", "uint16": "QUInt16"}


def quantize_static(model: bytes, values: Mapping[str, Any], samples: Samples) -> Made:
    """Weights and activations in int8, with ranges that samples give (QDQ form).

    Args:
        model: bytes of an ONNX file.
        values: `activations` ("uint8", "int8", "uint16"), `per_channel`, `method`, `fold_norms`,
            `between` ("auto", "yes", "no": also what stands between the layers), `reduce_range`,
            `spec.WHICH`.
        samples: what the activations are measured on.

    Raises:
        EngineError: no layer is selected, or the quantizer refuses the model.
    """
    network, notes = prepared(model, values["fold_norms"])
    picked = _products(network, values, notes)
    names = [layer.node for layer in picked]
    if _with_between(network, values["between"]):
        names += [n.name for n in network.nodes if n.op_type in _BETWEEN]
    made = quantized_nodes(network, names, values, samples)
    return Made(made, _integers(made, picked), tuple(notes))


def quantized_nodes(
    network: Network, names: Sequence[str], values: Mapping[str, Any], samples: Samples
) -> bytes:
    """A network with some nodes in int8, in QDQ form.

    Args:
        network: its nodes named, of opset 13 or newer.
        names: of the nodes.
        values: of `quantize_static`.
        samples: what the activations are measured on.

    Raises:
        EngineError: the quantizer refuses the model.
    """
    from onnxruntime import quantization as ort

    found = list(batches(samples.inputs, network.inputs))
    settings: dict[str, Any] = {
        "quant_format": ort.QuantFormat.QDQ,
        "op_types_to_quantize": sorted({n.op_type for n in network.nodes if n.name in set(names)}),
        "nodes_to_quantize": list(names),
        "per_channel": values["per_channel"],
        "reduce_range": values["reduce_range"],
        "activation_type": getattr(ort.QuantType, _TYPES[values["activations"]]),
        "weight_type": ort.QuantType.QInt8,
        "calibrate_method": getattr(ort.CalibrationMethod, _METHODS[values["method"]]),
        "extra_options": {"ActivationSymmetric": values["activations"] == "int8"},
    }

    class Reader(ort.CalibrationDataReader):
        """Hands out the samples once."""

        def __init__(self) -> None:
            self._rows: Iterator[Arrays] = iter(found)

        def get_next(self) -> Arrays | None:
            return next(self._rows, None)

    return _quantized(lambda path: ort.quantize_static(network.model, path, Reader(), **settings))


def quantize_dynamic(model: bytes, values: Mapping[str, Any]) -> Made:
    """Weights of matrix products in int8; activations are rounded while the model runs.

    Convolutions stay: as ConvInteger they run about ten times slower.

    Args:
        model: bytes of an ONNX file.
        values: `per_channel`, `reduce_range`, `spec.WHICH`.

    Raises:
        EngineError: no matrix product is selected, or the quantizer refuses the model.
    """
    from onnxruntime import quantization as ort

    # The quantizer makes a MatMul of a Gemm and adds the word to its name.
    network, notes = prepared(model, False)
    picked = _products(network, values, notes, frozenset({"MatMul", "Gemm"}))
    settings = {
        "op_types_to_quantize": ["MatMul", "Gemm"],
        "nodes_to_quantize": [n for y in picked for n in (y.node, f"{y.node}_MatMul")],
        "per_channel": values["per_channel"],
        "reduce_range": values["reduce_range"],
        "weight_type": ort.QuantType.QInt8,
    }
    made = _quantized(lambda path: ort.quantize_dynamic(network.model, path, **settings))
    return Made(made, _integers(made, picked), tuple(notes))


def quantize_weights(model: bytes, values: Mapping[str, Any]) -> Made:
    """Round weights to what 16, 8 or 4 bits hold; activations stay as they are.

    8 bits: integers of -127..127 with a scale an output channel.  4 bits: -7..7 with an fp16
    scale for 32 weights of a channel.  16: half floats.  The file stays dense and runs as before;
    the packed file stores the integers, and a Cast and a Mul, which onnxruntime folds when it
    loads.  (It would make MatMulNBits of a DequantizeLinear, with rounded activations.)

    Args:
        model: bytes of an ONNX file.
        values: `bits` ("16", "8", "4"), `spec.WHICH`.

    Raises:
        EngineError: no layer is selected.
    """
    network = Network(model)
    changes = []
    for layer in some(chosen(layers(network), values, ("weight", "embed"))):
        before = network.array(layer.tensor)
        after = rounded(before, int(values["bits"]), layer.out_axis)
        network.put(layer.tensor, after)
        changes.append(
            Change(layer.tensor, layer.node, f"{values['bits']}-bit", float(np.mean(after == 0)),
                   error=moved(before, after))
        )  # fmt: skip
    return Made(network.bytes(), tuple(changes))


def quantize_half(model: bytes, values: Mapping[str, Any]) -> Made:
    """Weights and activations in fp16; inputs and outputs stay in fp32.

    Args:
        model: bytes of an ONNX file.
        values: `skip`: layers that stay in fp32; `nodes`: names of nodes that do.

    Raises:
        EngineError: the converter refuses the model.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16

    network = Network(model)
    network.name_nodes()
    found = layers(network)
    kept = {layer.node for layer in found}
    kept -= {layer.node for layer in chosen(found, {"skip": values["skip"]}, ROLES_OF_NODES)}
    kept |= set(values.get("nodes", ()))
    wide = {n: network.array(n) for n in network.weights if network.dtype(n) == "float32"}
    beyond = [n for n, a in wide.items() if a.size and np.abs(a).max() > np.finfo(np.float16).max]
    with _quiet():
        try:
            converted = convert_float_to_float16(
                network.model, keep_io_types=True, node_block_list=sorted(kept)
            )
        except Exception as error:  # the converter raises its own, unrelated types
            raise EngineError("the model cannot be converted to fp16",
                              found=str(error)[:200]) from error  # fmt: skip
    after = Network(converted.SerializeToString())
    after.sort_nodes()  # the converter puts the casts of inputs behind what reads them
    changes = tuple(
        Change(layer.tensor, layer.node, "fp16", 0.0)
        for layer in found
        if layer.tensor in after.weights and after.dtype(layer.tensor) == "float16"
    )
    notes = [f"{n}: holds numbers beyond 65,504, cut to it." for n in beyond]
    return Made(after.bytes(), changes, tuple(notes))


ROLES_OF_NODES = ("weight", "embed", "norm", "stat", "bias", "quant", "other")


def rounded(array: NDArray[Any], bits: int, axis: int | None) -> NDArray[Any]:
    """The nearest values that few bits hold.

    Args:
        array: weights.
        bits: 16, 8 or 4.
        axis: of the output channels; None: one scale for all.
    """
    if bits == 16:
        top = np.finfo(np.float16).max
        return np.clip(array, -top, top).astype(np.float16).astype(array.dtype)
    grid, back = grouped(array, bits, axis)
    scale = scales(np.abs(grid).max(axis=-1, keepdims=True), bits)
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = np.where(scale > 0, np.rint(grid / scale), 0)
    limit = 2 ** (bits - 1) - 1
    codes = np.clip(codes, -limit, limit).astype(np.float32)
    return back(codes * scale).astype(array.dtype) + array.dtype.type(0)  # no zero with a sign


def scales(largest: NDArray[Any], bits: int) -> NDArray[np.float32]:
    """Scale of each group from its largest magnitude; what 4 bits store is an fp16 number."""
    scale = largest.astype(np.float32) / np.float32(2 ** (bits - 1) - 1)
    return scale if bits == 8 else scale.astype(np.float16).astype(np.float32)


def grouped(array: NDArray[Any], bits: int, axis: int | None) -> tuple[NDArray[Any], Any]:
    """Weights that share a scale along the last axis, and the function that undoes the order.

    Returns:
        [channels, blocks, size] in fp32; 8 bits have one block.  The size of a block is the
        largest divisor of a channel's weights up to 32, or all where that is below 8.
    """
    moved_ = np.moveaxis(array, axis, 0) if axis is not None else array[None]
    rows = moved_.reshape(len(moved_), -1).astype(np.float32)
    size = block_of(rows.shape[1]) if bits < 8 else rows.shape[1]

    def back(grid: NDArray[Any]) -> NDArray[Any]:
        whole = grid.reshape(moved_.shape)
        return np.moveaxis(whole, 0, axis) if axis is not None else whole[0]

    return rows.reshape(len(rows), -1, size), back


def block_of(depth: int) -> int:
    """Weights that share a scale below 8 bits, of `depth` in a channel."""
    size = next((s for s in range(min(BLOCK, depth), 7, -1) if depth % s == 0), 0)
    return size or max(depth, 1)


def prepared(model: bytes, fold: bool) -> tuple[Network, list[str]]:
    """A network as the quantizer wants it, and what was done to it."""
    network, notes = Network(model), []
    before = network.opset
    if network.raise_opset(LEAST_OPSET):
        notes.append(f"Operators were converted from opset {before} to {LEAST_OPSET}.")
    if fold and (count := fold_norms(network)):
        notes.append(f"Batch norms were folded into the layers before them ({count}).")
    network.name_nodes()
    network.forget_shapes()  # the quantizer infers them anew, and turns a Gemm into a MatMul
    return network, notes


def _products(
    network: Network, values: Mapping[str, Any], notes: list[str],
    types: frozenset[str] = _LAYERS,
) -> tuple[Layer, ...]:  # fmt: skip
    picked = some(chosen(layers(network), values))
    other = sorted({layer.op for layer in picked if layer.op not in types})
    if other:
        notes.append(f"{', '.join(other)} stay as they are: int8 is not for them, or not faster.")
    return some(tuple(layer for layer in picked if layer.op in types))


def _with_between(network: Network, wish: str) -> bool:
    types = {n.op_type for n in network.nodes}
    return wish == "yes" or (wish == "auto" and "Conv" in types and not types & _DELICATE)


def _quantized(run: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "model.onnx"
        try:
            run(path)
            return Network(path.read_bytes()).bytes()
        except EngineError:
            raise
        except Exception as error:  # the quantizer raises its own, unrelated types
            lines = str(error).splitlines() or [type(error).__name__]
            raise EngineError("onnxruntime's quantizer refuses the model", found=lines[0][:300],
                              try_this="leave layers out, or weights alone") from error  # fmt: skip


def _integers(made: bytes, picked: tuple[Layer, ...]) -> tuple[Change, ...]:
    stored = set(Network(made).weights)
    return tuple(
        Change(layer.tensor, layer.node, "int8", 0.0)
        for layer in picked
        if f"{layer.tensor}_quantized" in stored
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the quantizer logs and prints: its advice is followed, or meant for others."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(before)
