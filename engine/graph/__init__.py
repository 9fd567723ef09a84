"""The network as immutable data: `Graph`, `Op`, `Tensor`.  No onnx here, no hardware.

Reading order: `model.py` (the records), `rewrite.py` (how a pass makes a new graph),
`text.py` (how tests and people read one), `verify.py` (what always holds), `serial.py` (JSON),
`evaluate.py` (integer arithmetic on small constants).
"""

from engine.graph.collector import collector_paused
from engine.graph.evaluate import evaluate, reshaped, small
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
    "collector_paused",
    "dumps",
    "evaluate",
    "fuse",
    "loads",
    "replace_ops",
    "reshaped",
    "small",
    "text",
    "verify",
]
