"""What hardware is: the catalogue of targets, and the rules by which a unit accepts a task.

It holds facts (rates, memories, formats, energies) with the source of each, and nothing of what a
user chose: that is a recipe.  Start reading in `model.py` (the records), then any file of
`catalogue/`; `load.py` checks them, `constraints.py` says why a task is not placed on a unit.
"""

from engine.targets.constraints import RULES, failing
from engine.targets.load import load_file, target, targets
from engine.targets.model import SPREAD, Codec, Figure, Limit, Memory, Target, Unit, is_float

__all__ = [
    "RULES",
    "SPREAD",
    "Codec",
    "Figure",
    "Limit",
    "Memory",
    "Target",
    "Unit",
    "failing",
    "is_float",
    "load_file",
    "target",
    "targets",
]
