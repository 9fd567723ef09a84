"""What a page exports: the view that it shows, as a file of some format."""

from __future__ import annotations

from dashboard.queries.budgets import Budgets
from dashboard.queries.documents import recipe_of
from dashboard.queries.model import DEFAULT_FPS, ModelQueries
from dashboard.urls import View
from engine.errors import EngineError
from engine.export import KINDS, Exported, Subject, export_as
from engine.store import Store


def exported(
    ask: ModelQueries, budgets: Budgets, store: Store, view: View, kind: str, metric: str = ""
) -> Exported:
    """A view as a file.

    Args:
        ask: compiled and priced models.
        budgets: those of its model or analysis are in the report.
        store: where the names are.
        view: its recipe, what it is compared with, its frame rate and its analysis count.
        kind: a key of `engine.export.KINDS`.
        metric: of the nodes in Model Explorer; "" the latency.

    Raises:
        EngineError: no such model, target, format or metric.
    """
    row = store.model(view.model_id)
    before, after = ask.baseline(view), ask.resolution(view)
    fps, made = view.fps or DEFAULT_FPS, ask.compilation(view)
    held = budgets.held(row.id, view.analysis)
    verdicts = budgets.verdicts(held, after.totals, made.target, fps)
    return export_as(kind, Subject(row.name, made, before, after, recipe_of(view.recipe), fps,
                                   verdicts, _title(store, view)), metric)  # fmt: skip


def kinds() -> tuple[tuple[str, str, str], ...]:
    """(id, label, what opens it) of each format."""
    return tuple((id, kind.label, kind.help) for id, kind in KINDS.items())


def _title(store: Store, view: View) -> str:
    """The analysis that is open, and its checkpoint when that is what is shown."""
    try:
        name = store.analyses.get(view.analysis).name if view.analysis else ""
        at = store.analyses.checkpoint_of(view.at).name if view.at else ""
    except EngineError:
        return ""
    return " at ".join(part for part in (name, at) if part)
