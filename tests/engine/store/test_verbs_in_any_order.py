"""Any sequence of verbs keeps what the store promises, whatever the order.

A plain model beside the store says what each verb must answer; after each step the whole store
is compared with it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from engine.store import Conflict, Store
from tests.effort import tries
from tests.engine.store.conftest import NET

RECIPES = st.sampled_from(["", "a", "b", "c", "{}"])  # few, so that equal ones meet
pytestmark = pytest.mark.long
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # here no disk is under test
NAMES = st.sampled_from(["x", "x 2", "y", "\u202e", "z" * 130])


class Verbs(RuleBasedStateMachine):
    """One store with one model, and what should be in it."""

    analyses = Bundle("analyses")
    points = Bundle("points")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.store = Store(self.folder / "data")
        (self.folder / "net.onnx").write_bytes(b"model")
        self.model = self.store.add(self.folder / "net.onnx", NET)[0].id
        self.verbs = self.store.analyses
        self.order: list[str] = []  # analyses that stand, as begun
        self.drafts: dict[str, tuple[str, int]] = {}  # recipe and version
        self.trees: dict[str, list[str]] = {}  # checkpoints as saved
        self.recipes: dict[str, str] = {}  # of checkpoints
        self.texts: dict[str, set[str]] = {}  # that an analysis must hold somewhere

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _stands(self, analysis: str) -> bool:
        return analysis in self.order

    def _saw(self, analysis: str) -> None:
        """Take over the checkpoints that the store has made by itself."""
        for point in self.verbs.checkpoints(analysis):
            if point.id not in self.recipes:
                self.trees[analysis].append(point.id)
                self.recipes[point.id] = self.verbs.checkpoint_of(point.id).recipe

    def _begun(self, analysis: str, recipe: str) -> None:
        self.order.append(analysis)
        self.drafts[analysis] = (recipe, 1)
        self.trees[analysis], self.texts[analysis] = [], set()
        self._saw(analysis)

    @rule(target=analyses, name=NAMES, recipe=RECIPES)
    def create(self, name, recipe):
        row = self.verbs.create(self.model, name, recipe)
        self._begun(row.id, recipe)
        return row.id

    @rule(target=analyses, source=analyses, name=NAMES)
    def fork(self, source, name):
        if not self._stands(source):
            return multiple()
        row = self.verbs.fork(source, name)
        self._begun(row.id, self.drafts[source][0])
        assert row.forked_from == source
        return row.id

    @rule(target=points, analysis=analyses, name=NAMES, recipe=RECIPES, pick=st.integers(0, 9))
    def checkpoint(self, analysis, name, recipe, pick):
        if not self._stands(analysis):
            return multiple()
        tree = self.trees[analysis]
        parent = tree[pick] if pick < len(tree) else None
        base = self.verbs.draft(analysis).base_id
        point = self.verbs.checkpoint(analysis, name, recipe, parent_id=parent)
        assert point.parent_id == (parent or base)
        tree.append(point.id)
        self.recipes[point.id] = recipe
        self.texts[analysis].add(recipe)
        return analysis, point.id

    @rule(analysis=analyses, recipe=RECIPES, behind=st.integers(-1, 2))
    def save_draft(self, analysis, recipe, behind):
        if not self._stands(analysis):
            return
        held, version = self.drafts[analysis]
        refused = None
        try:
            saved = self.verbs.save_draft(analysis, recipe, "h", max(0, version - behind))
        except Conflict as conflict:
            refused = conflict
        if refused is None:
            assert saved in (version, version + 1)
            assert saved > version or recipe == held
            self.drafts[analysis] = (recipe, saved)
        else:
            assert behind != 0
            assert refused.current == version
            self._saw(analysis)
            assert self.recipes[refused.kept] == recipe
            self.texts[analysis].add(recipe)

    @rule(pair=points)
    def restart(self, pair):
        analysis, point = pair
        if not self._stands(analysis) or point not in self.recipes:
            return
        held, version = self.drafts[analysis]
        if version > 1:
            self.texts[analysis].add(held)  # edited, so it must be somewhere afterwards
        draft = self.verbs.restart(analysis, point)
        assert (draft.recipe, draft.base_id) == (self.recipes[point], point)
        assert draft.version == version + 1
        self._saw(analysis)
        self.drafts[analysis] = (draft.recipe, draft.version)

    @rule(pair=consumes(points))
    def remove_checkpoint(self, pair):
        analysis, point = pair
        if self._stands(analysis):
            self.verbs.remove_checkpoint(point)
            self.trees[analysis].remove(point)
            self.texts[analysis].discard(self.recipes.pop(point))

    @rule(analysis=analyses, name=NAMES)
    def rename(self, analysis, name):
        if self._stands(analysis):
            self.verbs.rename(analysis, name)

    @rule(analysis=analyses)
    def delete_or_restore(self, analysis):
        if self._stands(analysis):
            self.verbs.delete(analysis)
            self.order.remove(analysis)
        else:
            begun = [*self.drafts]
            self.verbs.restore(analysis)
            self.order = sorted([*self.order, analysis], key=begun.index)

    @rule()
    def start_again(self):
        self.store.close()
        self.store = Store(self.folder / "data")
        self.verbs = self.store.analyses

    @invariant()
    def the_list_is_in_order_and_names_are_one_each(self):
        rows = self.verbs.list(self.model)
        assert [row.id for row in rows] == self.order
        assert len({row.name for row in rows}) == len(rows)
        assert all(len(row.name) <= 120 for row in rows)
        assert {r.id: r.checkpoints for r in rows} == {a: len(self.trees[a]) for a in self.order}

    @invariant()
    def trees_are_trees(self):
        for analysis in self.order:
            points = self.verbs.checkpoints(analysis)
            assert [p.id for p in points] == self.trees[analysis]
            assert len({p.name for p in points}) == len(points)
            seen = {None}
            for p in points:
                assert p.parent_id in seen, "a parent stands before its children"
                seen.add(p.id)

    @invariant()
    def drafts_hold_what_was_written_last(self):
        for analysis in self.order:
            draft = self.verbs.draft(analysis)
            assert (draft.recipe, draft.version) == self.drafts[analysis]
            assert draft.base_id is None or draft.base_id in self.trees[analysis]

    @invariant()
    def no_text_is_lost(self):
        for analysis in self.order:
            held = {self.verbs.checkpoint_of(p).recipe for p in self.trees[analysis]}
            assert held == {self.recipes[p] for p in self.trees[analysis]}
            assert self.texts[analysis] <= held | {self.drafts[analysis][0]}


Verbs.TestCase.settings = settings(
    max_examples=tries(3, 50),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestVerbs = Verbs.TestCase
