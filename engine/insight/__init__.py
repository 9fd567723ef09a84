"""What can be seen in a model: groups of tasks that fold together, and what binds each task."""

from engine.insight.groups import Group, found_in, groups
from engine.insight.own import read_own
from engine.insight.roofline import ROOFLINE_SCHEMA, Ceiling, Roofline, Side, roofline

__all__ = [
    "ROOFLINE_SCHEMA",
    "Ceiling",
    "Group",
    "Roofline",
    "Side",
    "found_in",
    "groups",
    "read_own",
    "roofline",
]
