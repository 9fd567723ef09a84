"""Do it for real: quantize, prune, palettize, repair and pack ONNX files.

Every operation takes the bytes of a model and gives those of its child, with the names of nodes
and tensors kept, so that layers can be compared.  It decides nothing (that is `recipe`) and times
nothing (that is `execute`).  Start reading in `operations.py`, the table of contents; `layers.py`
says what each stored tensor is for.
"""

from engine.compress.data import Samples, read_arrays, samples
from engine.compress.layers import ROLES, Layer, layers
from engine.compress.operations import operation, operations, run
from engine.compress.pack import Packed, pack, sizes, unpack
from engine.compress.spec import Change, Made, Operation, Parameter

__all__ = [
    "ROLES",
    "Change",
    "Layer",
    "Made",
    "Operation",
    "Packed",
    "Parameter",
    "Samples",
    "layers",
    "operation",
    "operations",
    "pack",
    "read_arrays",
    "run",
    "samples",
    "sizes",
    "unpack",
]
