"""From a network as read to the tasks that a target runs.  No hardware figures, no prices.

A task is a set of the file's own ops that one kernel carries out.  Start reading at
`pipeline.py` (the passes in order, with reasons), then `passes/` (one file each), `frames.py`
and `features.py` (what is counted, and how), `compilation.py` (the columns).
"""

from engine.compile.compilation import EDGE_SCHEMA, LINEAGE_SCHEMA, TASK_SCHEMA, Compilation
from engine.compile.counted import COUNTS, KERNEL_SCHEMA, kernels_frame
from engine.compile.kernels import KERNELS, Kernel
from engine.compile.pipeline import PIPELINE, compile_model

__all__ = [
    "COUNTS",
    "EDGE_SCHEMA",
    "KERNELS",
    "KERNEL_SCHEMA",
    "LINEAGE_SCHEMA",
    "PIPELINE",
    "TASK_SCHEMA",
    "Compilation",
    "Kernel",
    "compile_model",
    "kernels_frame",
]
