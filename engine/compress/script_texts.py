"""The parts of scripts for other tools that no recipe changes; between them stand its names."""

from __future__ import annotations

NAMED = """
def named(path):
    \"\"\"The model, each node with a name.\"\"\"
    model = onnx.load(path)
    for node in model.graph.node:
        node.name = node.name or node.output[0]
    return model


"""
STATIC = """from onnx import version_converter
from onnxruntime import quantization as q
from onnxruntime.quantization.shape_inference import quant_pre_process


def named(path):
    \"\"\"The model in a standard that knows a scale a channel, each node with a name.\"\"\"
    model = onnx.load(path)
    if max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")) < {opset}:
        model = version_converter.convert_version(model, {opset})
    for node in model.graph.node:
        node.name = node.name or node.output[0]
    return model


class Samples(q.CalibrationDataReader):
    \"\"\"Batches of 32, or of what the model takes.\"\"\"

    def __init__(self, path, model):
        inputs, weights = model.graph.input, {{t.name for t in model.graph.initializer}}
        inputs = [i for i in inputs if i.name not in weights]
        with np.load(path, allow_pickle=False) as file:
            arrays = {{k: file[k] for k in file.files if k not in ("labels", "targets")}}
        if len(arrays) == len(inputs) == 1:
            arrays = {{inputs[0].name: next(iter(arrays.values()))}}
        fixed = [i.type.tensor_type.shape.dim[0].dim_value for i in inputs]
        count = min(len(a) for a in arrays.values())
        size = max(fixed) or min(32, count)
        self.left = [
            {{k: a[s : s + size].astype(np.float32) if a.dtype.kind == "f" else a[s : s + size]
              for k, a in arrays.items()}}
            for s in range(0, count - size + 1, size)
        ]

    def get_next(self):
        return self.left.pop(0) if self.left else None


"""
STATIC_RUN = """source, out, samples = sys.argv[1:4]
model = named(source)
onnx.save(model, out)
quant_pre_process(out, out, skip_symbolic_shape=True)  # folds batch norms
there = {n.name for n in onnx.load(out).graph.node}
q.quantize_static(
    out, out, Samples(samples, model), quant_format=q.QuantFormat.QDQ,
    nodes_to_quantize=[n for n in NODES if n in there], op_types_to_quantize=TYPES,
    per_channel=True, reduce_range=True,  # 7-bit weights: 8-bit products overflow without VNNI
    activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8,
)
"""
HALF_RUN = """source, out = sys.argv[1:3]
onnx.save(convert_float_to_float16(named(source), keep_io_types=True, node_block_list=KEPT), out)
"""
COREML = '''"""Made by paredown: python SCRIPT model.mlpackage out.mlpackage [samples.npz].

Convert the model from PyTorch first (an ML Program keeps the names of weights); fp16 is what
`ct.convert` computes in by default.
"""

import re
import sys

import coremltools as ct
import coremltools.optimize.coreml as cto
import numpy as np

'''
COREML_RUN = '''source, out = sys.argv[1:3]
model = ct.models.MLModel(source)


def plain(name):
    return re.sub(r"[^0-9a-zA-Z]+", "_", name).strip("_").lower()


def config(wanted, make):
    """A setting for each op that reads a weight of one of the names."""
    found = {}
    for name, weight in cto.get_weights_metadata(model, weight_threshold=0).items():
        for key, value in wanted.items():
            if plain(name) in (plain(key), plain(key) + "_to_fp16"):
                found |= {op.name: make(value) for op in weight.child_ops}
    if len(found) < len(wanted):
        print(f"{len(wanted) - len(found)} weights are not found by name", file=sys.stderr)
    return cto.OptimizationConfig(op_name_configs=found)


if ACTIVATIONS:
    with np.load(sys.argv[3], allow_pickle=False) as file:
        arrays = {k: file[k] for k in file.files if k not in ("labels", "targets")}
    count = min(map(len, arrays.values()))
    rows = [{k: a[i : i + 1] for k, a in arrays.items()} for i in range(count)]
    setting = cto.experimental.OpActivationLinearQuantizerConfig(mode="linear_symmetric")
    made = config(dict.fromkeys(ACTIVATIONS), lambda _: setting)
    model = cto.experimental.linear_quantize_activations(model, made, rows)
if PRUNE:
    made = config(PRUNE, lambda v: cto.OpMagnitudePrunerConfig(**dict([v]), weight_threshold=0))
    model = cto.prune_weights(model, made, joint_compression=bool(ACTIVATIONS))
if PALETTE:
    made = config(PALETTE, lambda bits: cto.OpPalettizerConfig(
        mode="kmeans", nbits=bits, weight_threshold=0,
    ))
    model = cto.palettize_weights(model, made, joint_compression=bool(PRUNE))
if QUANTIZE:
    made = config(QUANTIZE, lambda kind: cto.OpLinearQuantizerConfig(
        mode="linear_symmetric", dtype=kind, weight_threshold=0,
        granularity="per_channel" if kind == "int8" else "per_block",
    ))
    model = cto.linear_quantize_weights(model, made, joint_compression=bool(PRUNE))
model.save(out)
'''
TORCHAO = '''"""Made by paredown: `from SCRIPT import compress`, then `compress(torch model)`."""

from torch.nn.utils import prune
from torchao.quantization import (
    Int4WeightOnlyConfig,
    Int8DynamicActivationInt8WeightConfig,
    Int8WeightOnlyConfig,
    quantize_,
)

'''
TORCHAO_RUN = '''
def compress(model):
    """Change the model in place, module by module."""
    for name, amount in PRUNE.items():
        module = model.get_submodule(name)
        prune.l1_unstructured(module, "weight", amount)
        prune.remove(module, "weight")
    for names, config in (
        (INT8_WEIGHTS, Int8WeightOnlyConfig),
        (INT4_WEIGHTS, lambda: Int4WeightOnlyConfig(group_size=32)),
        (INT8, Int8DynamicActivationInt8WeightConfig),
    ):
        if names:
            wanted = frozenset(names)
            quantize_(model, config(), filter_fn=lambda module, name, w=wanted: name in w)
    if HALF:  # half of a model in half floats does not run
        model.half()
    return model
'''
