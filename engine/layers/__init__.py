"""Layers: weights and activations of a model beside its base, as sums that add up.

Start reading in `sums.py` (what is kept of a tensor), `tensors.py` (what is stored, under the
names of the base), `comparing.py`, `tree.py` (the rows that are seen), `findings.py` (what
stands out, and what may help).
"""

from engine.behaviors import Finding, Remedy
from engine.layers.comparing import Compared, Layer, compare_activations, compare_weights
from engine.layers.counting import sums
from engine.layers.findings import findings
from engine.layers.packed import heard, pack, tell, unpack
from engine.layers.remedies import no_remedy, remedies, steps_seen
from engine.layers.sums import CHANGES, Sums, edges_of
from engine.layers.tensors import Tensor, module_of, tensors
from engine.layers.tree import KEYS, PAGE, WORSE_LOW, Module, Shown, figure, shown, tree

__all__ = [
    "CHANGES", "KEYS", "PAGE", "WORSE_LOW", "Compared", "Finding", "Layer", "Module", "Remedy",
    "Shown", "Sums", "Tensor", "compare_activations", "compare_weights", "edges_of", "figure",
    "findings", "heard", "module_of", "no_remedy", "pack", "remedies", "shown", "steps_seen",
    "sums", "tell", "tensors", "tree", "unpack",
]  # fmt: skip
