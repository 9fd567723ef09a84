"""Arithmetic: what a task costs on a unit, as formulas over arrays.

It knows targets and numbers, not recipes: who chooses formats hands over a `Work`.  Start reading
in `work.py` (what is priced), then `weights.py` (bits a weight takes), `compute.py` and
`traffic.py` (time and bytes), `energy.py` (joules, and how sure they are), `price.py` (how they
meet), `why.py` (the same figures, step by step, for a reader).

Every row is priced on its own in numpy, which takes about 2 ms for 10,000 rows: finding the unique
kernel signatures first would cost more than it saves.  A figure that is not known is NaN here and
null in the frames.
"""

from engine.cost.calibrated import (
    Calibration,
    calibration,
    calibration_file,
    own_folder,
    read_calibration,
    write_calibration,
)
from engine.cost.energy import energy_band
from engine.cost.integer import TAKEN_IN, conversion_seconds, integer_seconds
from engine.cost.kernel_model import FEATURES, TERMS, KernelModel
from engine.cost.kernel_model import features as kernel_features
from engine.cost.kernel_model import terms as kernel_terms
from engine.cost.price import BOUNDS, Price, price
from engine.cost.trees import Trees
from engine.cost.weights import layout_bits
from engine.cost.why import Step, explain
from engine.cost.work import FORMAT_IDS, FORMATS, Floats, Ints, Mask, Work, bits_of

__all__ = [
    "BOUNDS",
    "FEATURES",
    "FORMATS",
    "FORMAT_IDS",
    "TAKEN_IN",
    "TERMS",
    "Calibration",
    "Floats",
    "Ints",
    "KernelModel",
    "Mask",
    "Price",
    "Step",
    "Trees",
    "Work",
    "bits_of",
    "calibration",
    "calibration_file",
    "conversion_seconds",
    "energy_band",
    "explain",
    "integer_seconds",
    "kernel_features",
    "kernel_terms",
    "layout_bits",
    "own_folder",
    "price",
    "read_calibration",
    "write_calibration",
]
