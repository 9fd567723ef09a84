"""What outlives a process: rows, content-addressed blobs, and a cache of bytes.

It is not a place for arithmetic: it asks the rooms before it and keeps what they answer.
Order of writing, always: blob (temp file, fsync, rename, fsync of the folder), then the row, so
that a crash leaves at most a blob that no row names, which `Store.sweep` removes.
Start reading in `models.py` (`Store`), `analyses.py` (`Store.analyses`) and `experiments.py`; below
them `blobs.py`, `cache.py`, `compilations.py`, and the database: `tables.py`, `database.py`,
`schema.py`.
"""

from engine.store.analyses import Analyses
from engine.store.blobs import Blobs
from engine.store.cache import ByteCache
from engine.store.compilations import Compilations
from engine.store.experiments import ExperimentRow, Experiments
from engine.store.jobs import MAX_ACTIVE, JobRow, Jobs, UnitRow, unit_digest
from engine.store.limits import LOCAL, clean_name
from engine.store.links import LinkRow
from engine.store.models import ModelRow, Store
from engine.store.offspring import ChildRow, FileRow, Offspring
from engine.store.people import EVERYONE, LOCAL_PERSON, Principal, Refused, Role, act_as, acting
from engine.store.predictions import DataRow, PredictionRow, Predictions
from engine.store.rows import AnalysisRow, Checkpoint, CheckpointRow, Conflict, Draft, Meanwhile
from engine.store.sharing import Grant, Shared, Sharing
from engine.store.usage import Feature, Report, Verb
from engine.store.work import MAX_ATTEMPTS, Claimed, Fenced, Work

__all__ = [
    "EVERYONE",
    "LOCAL",
    "LOCAL_PERSON",
    "MAX_ACTIVE",
    "MAX_ATTEMPTS",
    "Analyses",
    "AnalysisRow",
    "Blobs",
    "ByteCache",
    "Checkpoint",
    "CheckpointRow",
    "ChildRow",
    "Claimed",
    "Compilations",
    "Conflict",
    "DataRow",
    "Draft",
    "ExperimentRow",
    "Experiments",
    "Feature",
    "Fenced",
    "FileRow",
    "Grant",
    "JobRow",
    "Jobs",
    "LinkRow",
    "Meanwhile",
    "ModelRow",
    "Offspring",
    "PredictionRow",
    "Predictions",
    "Principal",
    "Refused",
    "Report",
    "Role",
    "Shared",
    "Sharing",
    "Store",
    "UnitRow",
    "Verb",
    "Work",
    "act_as",
    "acting",
    "clean_name",
    "unit_digest",
]
