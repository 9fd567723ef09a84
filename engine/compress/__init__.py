"""Do it for real: quantize, prune, palettize, repair and pack ONNX files.

Every operation takes the bytes of a model and gives those of its child, with the names of nodes
and tensors kept, so that layers can be compared.  It decides nothing (that is `recipe`) and times
nothing (that is `execute`).  Start reading in `catalogue.py`, the table of contents; `layers.py`
says what each stored tensor is for; `applying.py` makes the file of a recipe; `packing.py` stores
it in few bytes.
"""

from engine.compress.applying import Applied, Step, apply, weight_bytes
from engine.compress.catalogue import called, operation, operations, run
from engine.compress.data import NO_INPUTS, Samples, labels_of, read_samples, samples
from engine.compress.evaluating import (
    ClassFigures,
    Evaluation,
    Figure,
    evaluate,
    judged_output,
)
from engine.compress.found import METRICS, declared, few, judged_figures, said, stored_figures
from engine.compress.growing import Branch, Grown, grow
from engine.compress.layers import ROLES, Layer, layers
from engine.compress.packing import Packed, pack, sizes, unpack
from engine.compress.paired import Ratio, paired
from engine.compress.runner import Runner, predictions, runs
from engine.compress.scripts import TOOLS, Script, script
from engine.compress.snippets import PER_TASK, Snippet, Snippets, snippets
from engine.compress.spec import Change, Made, Operation, Parameter
from engine.compress.verifying import Check, verify

__all__ = [
    "METRICS",
    "NO_INPUTS",
    "PER_TASK",
    "ROLES",
    "TOOLS",
    "Applied",
    "Branch",
    "Change",
    "Check",
    "ClassFigures",
    "Evaluation",
    "Figure",
    "Grown",
    "Layer",
    "Made",
    "Operation",
    "Packed",
    "Parameter",
    "Ratio",
    "Runner",
    "Samples",
    "Script",
    "Snippet",
    "Snippets",
    "Step",
    "apply",
    "called",
    "declared",
    "evaluate",
    "few",
    "grow",
    "judged_figures",
    "judged_output",
    "labels_of",
    "layers",
    "operation",
    "operations",
    "pack",
    "paired",
    "predictions",
    "read_samples",
    "run",
    "runs",
    "said",
    "samples",
    "script",
    "sizes",
    "snippets",
    "stored_figures",
    "unpack",
    "verify",
    "weight_bytes",
]
