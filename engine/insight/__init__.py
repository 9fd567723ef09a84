"""What can be seen in a model: groups of tasks that fold, what binds each task, what changed."""

from engine.insight.difference import DIFFERENCE_SCHEMA, Difference, Priced, difference, formats
from engine.insight.groups import Group, found_in, groups
from engine.insight.matching import Matching, match
from engine.insight.own import read_own
from engine.insight.roofline import ROOFLINE_SCHEMA, Ceiling, Roofline, Side, roofline

__all__ = [
    "DIFFERENCE_SCHEMA",
    "ROOFLINE_SCHEMA",
    "Ceiling",
    "Difference",
    "Group",
    "Matching",
    "Priced",
    "Roofline",
    "Side",
    "difference",
    "formats",
    "found_in",
    "groups",
    "match",
    "read_own",
    "roofline",
]
