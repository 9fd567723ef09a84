"""Writes an int8 TFLite file from a list of layers; runs in an environment that has ethos-u-vela.

`python vela_twin.py LAYERS.json OUT.tflite`.  The layers are those that `vela.layers` makes.  The
flatbuffers classes are those that ethos-u-vela carries; no TensorFlow is needed.  Weights are
random and normal, as of a network that was trained: how far they compress decides what is read.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import flatbuffers
import numpy as np

FLOAT_SCALE = 0.05  # of every activation
INT8, INT32 = 9, 2
ACTIVATION = {"": 0, "relu": 1, "relu6": 3}
SAME = 0
# layer -> (operator of TFLite, its options, number of the options)
KINDS = {
    "conv": (3, "Conv2DOptions", 1), "depthwise": (4, "DepthwiseConv2DOptions", 2),
    "add": (0, "AddOptions", 11), "max_pool": (17, "Pool2DOptions", 5),
    "mean": (40, "ReducerOptions", 27), "reshape": (22, "ReshapeOptions", 17),
    "full": (9, "FullyConnectedOptions", 8),
}  # fmt: skip
SIGMA = 20.0


def module(name):
    """A class of the schema with its functions."""
    return importlib.import_module(f"ethosu.vela.tflite.{name}")


class Writer:
    """A model while it is written: tensors, buffers, operators."""

    def __init__(self) -> None:
        self.out = flatbuffers.Builder(1 << 20)
        self.tensors, self.operators, self.codes = [], [], []
        self.buffers = [self.buffer(None)]
        self.known = {}
        self.random = np.random.default_rng(0)

    def table(self, name, **fields):
        """One table of the schema from its fields, offsets made before."""
        made = module(name)
        made.Start(self.out)
        for field, value in fields.items():
            getattr(made, f"Add{field}")(self.out, value)
        return made.End(self.out)

    def offsets(self, values):
        """A vector of tables."""
        self.out.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.out.PrependUOffsetTRelative(value)
        return self.out.EndVector()

    def buffer(self, data):
        """The bytes of a constant, or of nothing."""
        if data is None:
            return self.table("Buffer")
        held = self.out.CreateNumpyVector(np.frombuffer(data.tobytes(), np.uint8))
        return self.table("Buffer", Data=held)

    def tensor(self, name, shape, kind=INT8, data=None, scale=FLOAT_SCALE):
        """A tensor by its name, made once."""
        if name in self.known:
            return self.known[name]
        place = 0
        if data is not None:
            place = len(self.buffers)
            self.buffers.append(self.buffer(data))
        quantized = None
        if scale:
            scales = self.out.CreateNumpyVector(np.array([scale], np.float32))
            zeros = self.out.CreateNumpyVector(np.array([0], np.int64))
            quantized = self.table("QuantizationParameters", Scale=scales, ZeroPoint=zeros)
        fields = {
            "Shape": self.out.CreateNumpyVector(np.array(shape, np.int32)), "Type": kind,
            "Buffer": place, "Name": self.out.CreateString(name),
        }  # fmt: skip
        if quantized is not None:
            fields["Quantization"] = quantized
        self.tensors.append(self.table("Tensor", **fields))
        self.known[name] = len(self.tensors) - 1
        return self.known[name]

    def operator(self, kind, inputs, output, **options):
        """One operator."""
        code, name, number = KINDS[kind]
        if code not in self.codes:
            self.codes.append(code)
        made = self.table(name, **options)
        reads = self.out.CreateNumpyVector(np.array(inputs, np.int32))
        writes = self.out.CreateNumpyVector(np.array([output], np.int32))
        self.operators.append(
            self.table("Operator", OpcodeIndex=self.codes.index(code), Inputs=reads,
                       Outputs=writes, BuiltinOptionsType=number, BuiltinOptions=made)
        )  # fmt: skip

    def layer(self, layer):
        """One layer with its weights."""
        kind, name = layer["kind"], layer["output"]
        reads = [self.tensor(n, s) for n, s in zip(layer["inputs"], layer["shapes"], strict=True)]
        act = {"FusedActivationFunction": ACTIVATION[layer.get("activation", "")]}
        stride = {f"Stride{side}": layer.get("stride", 1) for side in "HW"}
        if kind in ("conv", "depthwise", "full"):
            shape = layer["weight"]
            columns = shape[-1] if kind == "depthwise" else shape[0]
            held = np.clip(self.random.normal(0, SIGMA, shape).round(), -127, 127).astype(np.int8)
            reads.append(self.tensor(f"{name}/weight", shape, data=held, scale=0.01))
            bias = np.zeros(columns, np.int32)
            reads.append(self.tensor(f"{name}/bias", [columns], INT32, bias, 0.01 * FLOAT_SCALE))
        options = {
            "conv": {"Padding": SAME, **stride, **act,
                     "DilationWFactor": 1, "DilationHFactor": 1},
            "depthwise": {"Padding": SAME, **stride, **act, "DepthMultiplier": 1,
                          "DilationWFactor": 1, "DilationHFactor": 1},
            "max_pool": {"Padding": SAME, **stride, "FilterWidth": layer.get("window", 1),
                         "FilterHeight": layer.get("window", 1), **act},
            "add": act, "full": act, "mean": {"KeepDims": True}, "reshape": {},
        }[kind]  # fmt: skip
        if kind == "mean":
            axes = np.array([1, 2], np.int32)
            reads.append(self.tensor(f"{name}/axes", [2], INT32, axes, 0))
        if kind == "reshape":
            size = np.array(layer["made"], np.int32)
            reads.append(self.tensor(f"{name}/size", [len(size)], INT32, size, 0))
        self.operator(kind, reads, self.tensor(name, layer["made"]), **options)

    def bytes(self, inputs, outputs):
        """The whole file."""
        ends = [self.out.CreateNumpyVector(np.array([self.known[n] for n in names], np.int32))
                for names in (inputs, outputs)]  # fmt: skip
        graph = self.table(
            "SubGraph", Tensors=self.offsets(self.tensors), Inputs=ends[0], Outputs=ends[1],
            Operators=self.offsets(self.operators), Name=self.out.CreateString("main"),
        )  # fmt: skip
        codes = [self.table("OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code,
                            Version=3 if code in (3, 4, 9) else 2)
                 for code in self.codes]  # fmt: skip
        model = self.table(
            "Model", Version=3, OperatorCodes=self.offsets(codes),
            Subgraphs=self.offsets([graph]), Buffers=self.offsets(self.buffers),
        )  # fmt: skip
        self.out.Finish(model, file_identifier=b"TFL3")
        return bytes(self.out.Output())


def main(source, out):
    """Write the file."""
    net = json.loads(Path(source).read_text("utf-8"))
    writer = Writer()
    for layer in net["layers"]:
        writer.layer(layer)
    Path(out).write_bytes(writer.bytes(net["inputs"], net["outputs"]))


if __name__ == "__main__":
    main(*sys.argv[1:3])
