"""What can be seen in a compilation without pricing it: groups of tasks that fold together."""

from engine.insight.groups import Group, groups
from engine.insight.own import read_own

__all__ = ["Group", "groups", "read_own"]
