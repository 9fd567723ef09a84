"""The rows of subgroups on the page of behaviors: what each lost, the most harmed first."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

from dashboard.queries.behaviors import Desk
from dashboard.queries.behaviors_words import TURNS, Cell, cell
from dashboard.urls_behaviors import search
from engine.behaviors import LEAST, PAGE, Looked
from engine.numbers import count

OUT_OF_PROPORTION = "harmed out of proportion"
FEW = Cell("too few", "", "muted", title=f"Under {LEAST} instances with a figure: too few for one")
UNKNOWN_WHY = "The base's mean is zero, or scores hold no number"
PICKED = "no colour: picked by what the base says, part of it is the base's own chance"


class GroupRows:
    """The subgroups of a desk that has an `asking`.

    Args:
        desk: it.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @cached_property
    def looked(self) -> Looked:
        """All of them."""
        assert self.desk.asking is not None
        return self.desk.asking.groups(self.desk.question(), self.desk.flagged)

    @property
    def page(self) -> int:
        """From 0; beyond the last one the last."""
        return max(0, min(self.desk.view.page - 1, (len(self.looked.groups) - 1) // PAGE))

    @cached_property
    def places(self) -> list[int]:
        """Groups of the page: by harm, those without a figure last."""
        by = self.desk.ready.index(self.desk.view.by) if self.desk.view.by in self.desk.ready else 0
        up = self.desk.view.up and by > 0
        harm = [self._harm(k, by) for k in range(len(self.looked.groups))]
        order = sorted(range(len(harm)), key=lambda k: (
            math.isnan(harm[k]), (harm[k] if up else -harm[k]) if harm[k] == harm[k] else 0.0,
            -self.looked.groups[k].rows.size))  # fmt: skip
        return order[self.page * PAGE : (self.page + 1) * PAGE]

    def _harm(self, k: int, by: int) -> float:
        """How much worse a group became in a model, or in the one where it is worst."""
        better = self.desk.measure.how.better
        changes = [float(d) for d in self.looked.means.difference[:, k]]
        some = [changes[by]] if by else changes[1:]
        harms = [-d if better == "higher" else d if better == "lower" else abs(d)
                 for d in some if d == d]  # fmt: skip
        return max(harms, default=math.nan)

    def cells(self, k: int, relative: bool) -> list[Cell]:
        """What stands in the row of a group."""
        m, group = self.looked.means, self.looked.groups[k]
        made = []
        for side in range(len(self.desk.ready)):
            if m.known[side, k] < LEAST:
                made.append(FEW)
                continue
            figures = [float(v[side, k]) for v in (m.value, m.difference, m.low, m.high)]
            one = cell(self.desk.measure, relative, figures, not side, True,
                       UNKNOWN_WHY, self.looked.count)  # fmt: skip
            picked = side > 0 and group.kind == "base"
            bare = picked or (side > 0 and math.isnan(figures[2]))  # without an interval no colour
            title = f"{one.title}; {PICKED}" if picked else one.title
            made.append(
                replace(one, tone="" if bare and one.tone != "muted" else one.tone, title=title)
            )
        return made

    def line(self, k: int, cells: list[list[Any]]) -> dict[str, Any]:
        """The row of a group as it travels."""
        group, view = self.looked.groups[k], replace(self.desk.view, page=1)
        sent: dict[str, Any] = {
            "name": group.name, "note": f"{count(group.rows.size, 'instance')}, {group.how}",
            "cells": cells,
        }  # fmt: skip
        if group.kind in ("class", "file"):
            sent["go"] = search(replace(view, rows="instances", inside=group.name))
        elif group.kind == "flagged":
            sent["go"] = search(replace(view, rows="flagged"))
        harmed = [group.name in names for names in self._harmed] if "go" in sent else []
        if any(harmed) and group.kind != "flagged":
            sent["said"] = [["✗", OUT_OF_PROPORTION, ""] if h else ["", "", ""] for h in harmed]
        return sent

    @cached_property
    def _harmed(self) -> list[frozenset[str]]:
        """Names of the groups that each model harmed, of all instances only."""
        asking, view = self.desk.asking, self.desk.view
        whole = not view.bounds and not view.inside and self.desk.measure.kind in TURNS
        assert asking is not None
        return [asking.harmed(k) if k and whole else frozenset()
                for k in range(len(self.desk.ready))]  # fmt: skip

    def words(self, name: str) -> str:
        """The order of the rows, and what the intervals hold for; name: of the model that sorts."""
        what = "harm" if self.desk.measure.how.better else "size of the change"
        first = "least" if self.desk.view.up and name else "most"
        where = f"in {name}" if name else "in any model"
        held = (
            f"95 % intervals widened to hold for all {count(self.looked.count, 'group')} together"
        )
        return f"Sorted by {what} {where}, {first} first. {held}"
