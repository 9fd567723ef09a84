"""The packed file: the same model in few bytes, for plain onnxruntime, bit by bit the same.

It comes last: tools that fold constants (onnxslim, onnxruntime's own preprocessing) make the file
dense again.  `unpack` gives the dense model back.  In memory a packed model is as large as a dense
one, and it takes longer to load.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.codec import Coded, best
from engine.compress.layers import layers
from engine.compress.runner import Runner
from engine.errors import EngineError
from engine.formats import Network

NOTE = "paredown.packed"
LEAST_OPSET = 13
SMALL = 256  # weights below which the nodes take more than they save
SIDE = 4096  # the same for what is no weight: norms and biases, which the formula keeps as they are
_KINDS = frozenset({"float32", "int8"})


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed file.

    Args:
        model: its bytes.
        tensors: name -> how it is stored ("table 4-bit, bits"); what is not named stays dense.
        formula: bytes of the packed weights by the formula of `codec.py`.
        stored: what they take in the file, names and nodes included.
        notes: sentences for the user.
    """

    model: bytes
    tensors: dict[str, str]
    formula: float
    stored: int
    notes: tuple[str, ...] = ()


def pack(model: bytes) -> Packed:
    """Store each weight in the way that takes the fewest bytes; drop stack traces and the like.

    Args:
        model: bytes of an ONNX file, not packed.

    Raises:
        EngineError: it is packed already.
    """
    network = Network(model)
    if network.noted(NOTE):
        raise EngineError("the file is packed already", try_this="unpack it first")
    try:
        network.raise_opset(LEAST_OPSET)
    except EngineError as error:
        return Packed(model, {}, 0.0, 0, (f"It stays dense: {error.sentence}",))
    found = {layer.tensor: layer for layer in layers(network)}
    held = network.held() | set(network.outputs)
    writer = _Writer(network)
    ways: dict[str, str] = {}
    formula = 0.0
    for name in network.weights:
        kind = network.dtype(name)
        least = SMALL if name in found and found[name].role in ("weight", "embed") else SIDE
        if name in held or kind not in _KINDS or int(np.prod(network.shape(name))) < least:
            continue
        array = network.array(name)
        way = best(array, found[name].out_axis if name in found else None)
        if way.layout == "dense" and way.values == "raw":
            continue
        writer.write(name, array, way)
        formula += way.formula
        value = "values" if way.values == "raw" else f"{way.values} {way.bits}-bit"
        ways[name] = value if way.layout == "dense" else f"{value}, {way.layout}"
    network.strip()
    if not ways:
        return Packed(network.bytes(), {}, 0.0, 0)
    stored = writer.bytes
    network.drop(ways)
    network.replace([*writer.nodes, *network.nodes])
    for name, array in writer.arrays.items():
        network.put(name, array)
    network.note(NOTE, json.dumps(list(ways)))
    return Packed(network.bytes(), ways, formula, stored)


def unpack(model: bytes) -> bytes:
    """The dense model that was packed; one that is not packed comes back as it is."""
    network = Network(model)
    if not network.noted(NOTE):
        return model
    try:
        names = [n for n in json.loads(network.noted(NOTE)) if isinstance(n, str)]
    except (ValueError, TypeError) as error:
        raise EngineError("what the file says of its packing cannot be read") from error
    made = {t for node in network.nodes for t in node.output}
    if not names or not made.issuperset(names):
        raise EngineError("what the file says of its packing is not in it")
    values = Runner(network.cut(names))({})
    network.replace([n for n in network.nodes if not n.output[0].startswith(_Writer.LEAD)
                     and n.output[0] not in values])  # fmt: skip
    network.drop([w for w in network.weights if w.startswith(_Writer.LEAD)])
    for name, array in values.items():
        network.put(name, array)
    network.note(NOTE, "")
    return network.bytes()


def sizes(model: bytes) -> dict[str, int]:
    """What a file takes: itself, compressed for a download, and its weights in memory, B."""
    dense = Network(unpack(model))
    memory = sum(dense.array(n).nbytes for n in dense.weights)
    return {
        "file_bytes": len(model), "gzip_bytes": len(zlib.compress(model, 6)),
        "memory_bytes": memory,
    }  # fmt: skip


class _Writer:
    """Collects the nodes and arrays that store weights."""

    LEAD = "paredown."

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: list[Any] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        self.shared: dict[Any, str] = {}
        self.count = 0

    @property
    def bytes(self) -> int:
        """What they take in the file, about."""
        size = sum(n.ByteSize() + 4 for n in self.nodes)
        return size + sum(a.nbytes + len(n) + 20 for n, a in self.arrays.items())

    def write(self, name: str, array: NDArray[Any], way: Coded) -> None:
        """Store an array; the last node makes it under its own name."""
        flat = self._decoded(way)
        if way.layout == "bits":
            flat = self._by_bits(way, flat, array.size)
        elif way.layout == "gaps":
            flat = self._by_gaps(way, flat, array)
        if way.scales is not None:
            flat = self._scaled(name, way, flat, array)
            if not flat:
                return
        self.op("Reshape", flat, self.constant(np.array(array.shape, np.int64)), made=name)

    def op(self, kind: str, *inputs: str, made: str = "", **attributes: Any) -> str:
        """Add a node; what it makes."""
        made = made or self._fresh()
        self.nodes.append(self.network.node(kind, inputs, [made], **attributes))
        return made

    def constant(self, value: NDArray[Any]) -> str:
        """Store a small array once."""
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self.shared:
            self.shared[key] = self.keep(value)
        return self.shared[key]

    def keep(self, value: NDArray[Any]) -> str:
        """Store an array."""
        name = self._fresh()
        self.arrays[name] = value
        return name

    def _fresh(self) -> str:
        self.count += 1
        return f"{self.LEAD}{self.count}"

    def _decoded(self, way: Coded) -> str:
        """The stream as numbers in a row; codes of a grid as fp32."""
        if way.values == "raw":
            return self.keep(way.stream)
        if way.values == "half":
            return self.op("Cast", self.keep(way.stream), to="float32")
        if way.values == "table":
            assert way.table is not None
            return self.op("Gather", self.keep(way.table), self.unpacked(way.stream, way.bits))
        if way.values == "grid8":
            return self.op("Cast", self.keep(way.stream), to="float32")
        lifted = (way.stream + np.int8(8)).astype(np.uint8)
        number = self.op("Cast", self.unpacked(lifted, 4), to="float32")
        return self.op("Sub", number, self.constant(np.array(8, np.float32)))

    def unpacked(self, codes: NDArray[np.uint8], bits: int) -> str:
        """Numbers of few bits, as int32 or int64 in a row.

        Whole groups of numbers fill whole bytes: g numbers of b bits are k = g b / 8 bytes.  The
        bytes of a group are one number Σ byte_i 256^i; number j of it is that / 2^(b j) mod 2^b.
        """
        if bits == 8:
            return self.op("Cast", self.keep(codes), to="int32")
        group = next(g for g in (1, 2, 4, 8) if g * bits % 8 == 0)
        width = group * bits // 8
        kind = np.int32 if width < 4 else np.int64
        rows = np.zeros(-(-codes.size // group) * group, np.uint64)
        rows[: codes.size] = codes
        whole = (rows.reshape(-1, group) << (np.arange(group, dtype=np.uint64) * bits)).sum(
            axis=1, dtype=np.uint64
        )
        raw = (whole[:, None] >> (8 * np.arange(width, dtype=np.uint64))) & np.uint64(255)
        number = self.op("Cast", self.keep(raw.astype(np.uint8)), to=np.dtype(kind).name)
        if width > 1:
            powers = (256 ** np.arange(width, dtype=np.int64)).astype(kind)[:, None]
            number = self.op("MatMul", number, self.constant(powers))
        shifts = (2 ** (bits * np.arange(group, dtype=np.int64))).astype(kind)
        number = self.op("Div", number, self.constant(shifts))
        number = self.op("Mod", number, self.constant(np.array(2**bits, kind)))
        number = self.op("Reshape", number, self.constant(np.array([-1], np.int64)))
        if codes.size % group:
            ends = (np.array([0], np.int64), np.array([codes.size], np.int64))
            number = self.op("Slice", number, *map(self.constant, ends))
        return number

    def _by_bits(self, way: Coded, flat: str, size: int) -> str:
        """Entry i of the values where bit i is set; before it stand as many set bits as values."""
        assert way.present is not None
        bits = self.unpacked(way.present.astype(np.uint8), 1)
        counted = self.op("CumSum", bits, self.constant(np.array(0, np.int64)))
        place = self.op("Mul", counted, bits)  # 0, the zero in front, where the bit is not set
        zero = self.constant(np.zeros(1, self._kind(way)))
        return self.op("Gather", self.op("Concat", zero, flat, axis=0), place)

    def _by_gaps(self, way: Coded, flat: str, array: NDArray[Any]) -> str:
        assert way.gaps is not None
        gaps = self.op("Cast", self.keep(way.gaps), to="int64")
        places = self.op("CumSum", gaps, self.constant(np.array(0, np.int64)))
        nothing = self.op("Expand", self.constant(np.zeros(1, self._kind(way))),
                          self.constant(np.array([array.size], np.int64)))  # fmt: skip
        return self.op("ScatterElements", nothing, places, flat, axis=0)

    @staticmethod
    def _kind(way: Coded) -> Any:
        return way.stream.dtype if way.values == "raw" else np.float32

    def _scaled(self, name: str, way: Coded, flat: str, array: NDArray[Any]) -> str:
        """Codes times scales, in the order of the array; "" when the last node is written."""
        assert way.scales is not None
        channels, blocks, _ = way.scales.shape
        depth = array.size // max(channels, 1)
        grid = np.array([channels, blocks, depth // max(blocks, 1)], np.int64)
        scale = self.keep(way.scales.astype(np.float16 if way.values == "grid4" else np.float32))
        if way.values == "grid4":
            scale = self.op("Cast", scale, to="float32")
        product = self.op("Mul", self.op("Reshape", flat, self.constant(grid)), scale)
        axis = way.axis
        if not axis:
            return product
        shape = (array.shape[axis], *(s for i, s in enumerate(array.shape) if i != axis))
        product = self.op("Reshape", product, self.constant(np.array(shape, np.int64)))
        order = list(range(1, array.ndim))
        order.insert(axis, 0)
        self.op("Transpose", product, made=name, perm=order)
        return ""
