"""Figures that leave the house: as a table, a trace, marks in another viewer, or a report.

Each format is one small function of a `Subject`: what a model is and what it costs before and after
a recipe.  Start reading at `kinds.py`, the list of them.
"""

from engine.export.kinds import KINDS, Exported, Kind, export_as
from engine.export.subject import Subject
from engine.export.table import EXPORT_SCHEMA, safe_csv

__all__ = ["EXPORT_SCHEMA", "KINDS", "Exported", "Kind", "Subject", "export_as", "safe_csv"]
