"""The lists of the sheet: the analyses of a model, and the checkpoints of one as a drawn tree.

A chain of checkpoints runs straight down; what branches off stands one rail to the right, above
the continuation:

    ● int8 everywhere
    ├─● fp16 norms
    ● without the head
    ○ draft

The line that leads to the draft is the straight one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import engine
from dashboard.queries.model import ModelQueries
from dashboard.queries.saved_totals import Figures, Saved, price, saved_of
from dashboard.urls import View
from engine.errors import EngineError
from engine.store import AnalysisRow, CheckpointRow, Draft, Role, Store

MOST_ANALYSES = 100  # drawn at one time; the search finds the others
MOST_CHECKPOINTS = 300
MOST_PRICED = 8  # checkpoints that the store kept by itself, without figures, priced for the list
MOST_RAILS = 10


Rails = tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class AnalysisLine:
    """One analysis.

    Args:
        row: as kept.
        saved: figures of its last checkpoint; all unknown without one.
        target: label of its target; gone: there is no such target any more.
        role: of the one who asks.
    """

    row: AnalysisRow
    saved: Saved
    target: str
    gone: bool
    role: Role = Role.OWNER


@dataclass(frozen=True, slots=True)
class AnalysisList:
    """The analyses that match, the last changed first.

    Args:
        lines: at most `MOST_ANALYSES`.
        found: how many match; of: how many there are.
    """

    lines: tuple[AnalysisLine, ...]
    found: int
    of: int


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One row of the tree.

    Args:
        row: the checkpoint; None for the draft.
        rails: lines that pass at its left, from the left; whether each is on the way to the draft.
        branches: it begins a branch, whose line comes from the left.
        above, below: its own line goes on upwards, downwards.
        trunk: it is on the way to the draft.
        saved: its figures; all unknown where they are.
        parent: the figures that `saved` is compared with: those of the checkpoint before it, or of
            the baseline.
        parent_name: what that is called; "" the baseline.
        draft: the draft is here.
        stale: another version of the engine computed its figures; "" none.
    """

    row: CheckpointRow | None
    rails: Rails
    branches: bool
    above: bool
    below: bool
    trunk: bool
    saved: Saved
    parent: Figures
    parent_name: str
    draft: bool
    stale: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The checkpoints of an analysis.

    Args:
        row: the analysis.
        draft: what is being worked on.
        lines: rows from the top, the draft's among them.
        hidden: checkpoints that are not drawn, the oldest.
        role: of the one who asks.
    """

    row: AnalysisRow
    draft: Draft
    lines: tuple[TreeLine, ...]
    hidden: int
    role: Role = Role.OWNER


def analysis_list(store: Store, model_id: str, search: str = "") -> AnalysisList:
    """The analyses of a model whose name or note holds a text.

    Raises:
        EngineError: no such model.
    """
    rows = store.analyses.list(model_id)
    text = search.casefold().strip()
    found = [r for r in rows if text in r.name.casefold() or text in r.note.casefold()]
    found.sort(key=lambda r: r.updated, reverse=True)
    known = {t.id: t.label for t in engine.targets()}
    lines = tuple(
        AnalysisLine(row, _last(store, row), known.get(row.target, row.target),
                     bool(row.target) and row.target not in known,
                     store.sharing.role("analysis", row.id))
        for row in found[:MOST_ANALYSES]
    )  # fmt: skip
    return AnalysisList(lines, len(found), len(rows))


def _last(store: Store, row: AnalysisRow) -> Saved:
    """The figures of the last checkpoint that has some."""
    if not row.checkpoints:
        return Saved()
    kept = store.analyses.checkpoints(row.id)
    return next((saved_of(c.totals) for c in reversed(kept) if c.totals), Saved())


def checkpoint_tree(store: Store, ask: ModelQueries, view: View, analysis_id: str) -> Tree:
    """The checkpoints of an analysis as rows of a tree.

    Args:
        store: where they are kept.
        ask: prices the draft, and checkpoints that the store kept without figures.
        view: what the page shows, with its recipe.
        analysis_id: of which.

    Raises:
        EngineError: no such analysis.
    """
    row = store.analyses.get(analysis_id)
    draft = store.analyses.draft(row.id)
    every = store.analyses.checkpoints(row.id)
    drawn = every[-MOST_CHECKPOINTS:]
    figures: dict[str, Saved] = {c.id: saved_of(c.totals) for c in drawn}
    for c in [c for c in drawn if not c.totals][-MOST_PRICED:]:
        figures[c.id] = _priced(ask, view, store.analyses.checkpoint_of(c.id).recipe)
    now = _priced(ask, view, draft.recipe) if draft.unsaved or not draft.base_id else Saved()
    lines = _lines(drawn, figures, draft, now)
    role = store.sharing.role("analysis", row.id)
    return Tree(row, draft, tuple(lines), len(every) - len(drawn), role)


def _priced(ask: ModelQueries, view: View, recipe: str) -> Saved:
    try:
        return price(ask, replace(view, recipe=recipe))
    except EngineError:  # of another engine, or for another target: the list shows it all the same
        return Saved()


def _lines(
    rows: Sequence[CheckpointRow], figures: dict[str, Saved], draft: Draft, now: Saved
) -> list[TreeLine]:
    known = {row.id: row for row in rows}
    children: dict[str | None, list[CheckpointRow]] = {}
    for row in rows:
        children.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    trunk: set[str] = set()
    at = draft.base_id
    while at in known and at not in trunk:
        trunk.add(at)
        at = known[at].parent_id
    drafted = draft.unsaved or draft.base_id not in known
    found: list[TreeLine] = []

    def line(
        row: CheckpointRow | None, rails: Rails, branches: bool, above: bool, below: bool
    ) -> None:
        parent = row.parent_id if row else draft.base_id
        saved = figures[row.id] if row else now
        before = figures.get(parent or "")
        same = before is not None and (before.target, before.fps) == (saved.target, saved.fps)
        found.append(
            TreeLine(
                row, rails, branches, above, below,
                trunk=row is None or row.id in trunk, saved=saved,
                parent=before.now if before and same else saved.base,
                parent_name=known[parent].name if parent and same else "",
                draft=row is None or (not drafted and row.id == draft.base_id),
                stale=row.engine if row and row.engine not in ("", engine.VERSION) else "",
            )
        )  # fmt: skip

    # depth first without recursion: a chain may have thousands of checkpoints
    stack: list[Callable[[], None]] = []

    def visit(row: CheckpointRow, rails: Rails, branches: bool, above: bool) -> None:
        below = sorted(children.get(row.id, ()), key=lambda c: c.id in trunk)
        has_draft = drafted and row.id == draft.base_id
        main = None if has_draft or not below else below[-1]
        line(row, rails, branches, above, bool(below) or has_draft)
        if has_draft:
            stack.append(lambda: line(None, rails, False, True, False))
        if main is not None:
            stack.append(lambda: visit(main, rails, False, True))
        goes_on = has_draft or (main is not None and main.id in trunk)
        side = (*rails, goes_on)[:MOST_RAILS]
        for child in reversed([c for c in below if c is not main]):
            stack.append(lambda child=child: visit(child, side, True, False))  # type: ignore[misc]

    roots = sorted(children.get(None, ()), key=lambda c: c.id in trunk)
    if drafted and draft.base_id not in known:
        stack.append(lambda: line(None, (), False, False, False))
    for root in reversed(roots):
        stack.append(lambda root=root: visit(root, (), False, False))  # type: ignore[misc]
    while stack:
        stack.pop()()
    return found
