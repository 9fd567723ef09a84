"""Run a model for real, with onnxruntime.  It prices nothing and rewrites nothing.

`tasks.py` runs a compilation task by task: the proof that its tasks are right.  `measuring.py`
times a model and its kernels by the protocol (`protocol.py`), in a child process (`apart.py`);
`follow.py` compiles as the runtime does.  `calibrating.py` measures random networks (`networks/`)
and fits what predicts any model on this machine; `validating.py` says how far it is from the truth.
"""

from engine.execute.calibrating import Progress, calibrate, fit
from engine.execute.follow import follow
from engine.execute.hardware import Machine, machine, machine_id
from engine.execute.kept import keep_validation, kept_validation
from engine.execute.measuring import MEASURED_SCHEMA, Measurement, import_profile, measure
from engine.execute.optimising import optimised
from engine.execute.protocol import Pace
from engine.execute.samples import Sample
from engine.execute.session import inputs_for
from engine.execute.tasks import run_tasks
from engine.execute.validating import VALIDATED_SCHEMA, Validation, validate

__all__ = [
    "MEASURED_SCHEMA",
    "VALIDATED_SCHEMA",
    "Machine",
    "Measurement",
    "Pace",
    "Progress",
    "Sample",
    "Validation",
    "calibrate",
    "fit",
    "follow",
    "import_profile",
    "inputs_for",
    "keep_validation",
    "kept_validation",
    "machine",
    "machine_id",
    "measure",
    "optimised",
    "run_tasks",
    "validate",
]
