"""The border: ONNX files -> `engine.graph.Graph`.  The only room that imports onnx.

It is not a checker of the ONNX standard, and it computes nothing of the model: weights stay what
the file says, external data is never opened, no constant larger than 10,000 elements is made.

Start reading in `reader.py`, the list of stages; `guard.py` runs the same stages in a child
process with limits on memory and time, because a file may be made to harm (`limits.py`).

What a reader of the `Graph` may rely on: attributes that are element types are words
(`Cast.to="int64"`); ConstantOfShape has `value` (its one number) and `dtype`; what Constant makes
is a weight tensor, with its `value` when it is small; ops of the domain "paredown" (`LoopStart`,
`ScanStart`, `BodyStart`) are ours, feed control-flow bodies and cost nothing; tensors whose value
is fixed by the bound sizes (shape arithmetic) have `Tensor.value` as well.
"""

from engine.formats.arrays import check_size, read_arrays, unpacked_size
from engine.formats.channels import Channels, Place
from engine.formats.channels import trace as trace_channels
from engine.formats.child import limit as limit_process
from engine.formats.confined import SHOWN, read_confined, respond
from engine.formats.extract import Extractor
from engine.formats.guard import read, read_map, trace
from engine.formats.network import Network, attribute
from engine.formats.outline import tied_channels
from engine.formats.reader import read_trusted
from engine.formats.save import write
from engine.formats.source import load
from engine.formats.source_texts import matched, texts_of_folder
from engine.formats.standing import Runnable, runnable
from engine.formats.trace import SourceLine, Trace, dumps_trace, loads_trace

__all__ = [
    "SHOWN",
    "Channels",
    "Extractor",
    "Network",
    "Place",
    "Runnable",
    "SourceLine",
    "Trace",
    "attribute",
    "check_size",
    "dumps_trace",
    "limit_process",
    "load",
    "loads_trace",
    "matched",
    "read",
    "read_arrays",
    "read_confined",
    "read_map",
    "read_trusted",
    "respond",
    "runnable",
    "texts_of_folder",
    "tied_channels",
    "trace",
    "trace_channels",
    "unpacked_size",
    "write",
]
