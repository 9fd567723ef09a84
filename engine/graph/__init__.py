"""The network as immutable data: `Graph`, `Op`, `Tensor`.  No onnx here, no hardware, no arrays.

Reading order: `model.py` (the records), `rewrite.py` (how a pass makes a new graph),
`text.py` (how tests and people read one), `verify.py` (what always holds), `serial.py` (JSON).
"""

from engine.graph.model import Dim, Graph, Op, Tensor
from engine.graph.rewrite import fuse, replace_ops
from engine.graph.serial import dumps, loads
from engine.graph.text import text
from engine.graph.verify import verify

__all__ = [
    "Dim",
    "Graph",
    "Op",
    "Tensor",
    "dumps",
    "fuse",
    "loads",
    "replace_ops",
    "text",
    "verify",
]
