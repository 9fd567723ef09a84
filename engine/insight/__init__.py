"""What can be seen in a model: groups that fold, what binds each task, its code, what changed."""

from engine.insight.difference import DIFFERENCE_SCHEMA, Difference, Priced, difference, formats
from engine.insight.groups import Group, found_in, groups
from engine.insight.matching import Matching, match
from engine.insight.own import read_own
from engine.insight.roofline import ROOFLINE_SCHEMA, Ceiling, Roofline, Side, roofline
from engine.insight.source import COST_SCHEMA, LINK_SCHEMA, SourceMap, source_of
from engine.insight.source_difference import FileDifference, LineRow, source_difference

__all__ = [
    "COST_SCHEMA",
    "DIFFERENCE_SCHEMA",
    "LINK_SCHEMA",
    "ROOFLINE_SCHEMA",
    "Ceiling",
    "Difference",
    "FileDifference",
    "Group",
    "LineRow",
    "Matching",
    "Priced",
    "Roofline",
    "Side",
    "SourceMap",
    "difference",
    "formats",
    "found_in",
    "groups",
    "match",
    "read_own",
    "roofline",
    "source_difference",
    "source_of",
]
