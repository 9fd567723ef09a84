"""The saved analyses of a model: what an address opens, and what the page keeps by itself.

An analysis is a named recipe with a tree of checkpoints and a draft (`engine/store`).  Texts that
come back from the store may have been written by another version of the engine: what no longer
reads is said in one sentence, shown as the baseline, and never overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import engine
from engine.errors import EngineError
from engine.store import AnalysisRow, Checkpoint, CheckpointRow, Store

DraftState = dict[str, Any]


class Opening(NamedTuple):
    """What an address opens.

    Args:
        recipe: text of the recipe in use; "" the baseline.
        against: text of the recipe that it is compared with; "" the baseline.
        draft: what the page knows of the analysis; see `draft_state`.
        notice: one sentence on what could not be opened, or "".
    """

    recipe: str
    against: str
    draft: DraftState
    notice: str


@dataclass(frozen=True, slots=True)
class _Found:
    row: AnalysisRow
    recipe: str
    draft: DraftState


def no_draft() -> DraftState:
    """The state of a page that shows no analysis."""
    return {
        "analysis": "", "at": "", "version": 0, "saved": "", "conflict": "",
        "name": "", "base": "", "unsaved": False, "target": "", "fps": None, "bindings": {},
    }  # fmt: skip


def draft_state(store: Store, row: AnalysisRow, shown: CheckpointRow | None = None) -> DraftState:
    """What a page knows of the analysis that it shows.

    Args:
        store: where it is kept.
        row: the analysis.
        shown: the checkpoint that is shown; None the draft.

    Returns:
        Its id, checkpoint (`at`, "" the draft), the draft's `version`, when it was `saved` (UTC,
        ISO), `name`, the checkpoint that the draft stands on (`base`, its name), whether the draft
        is `unsaved`, and what the analysis is for: `target`, `fps` (1/s), `bindings`.
    """
    draft = store.analyses.draft(row.id)
    base = shown or (store.analyses.checkpoint_of(draft.base_id) if draft.base_id else None)
    return no_draft() | {
        "analysis": row.id, "at": shown.id if shown else "", "version": draft.version,
        "saved": draft.updated.isoformat(), "name": row.name, "base": base.name if base else "",
        "unsaved": draft.unsaved and shown is None,
        "target": row.target, "fps": row.fps, "bindings": dict(row.bindings),
    }  # fmt: skip


def opening(store: Store, view: Any) -> Opening:
    """The recipe, the comparison and the draft that an address leads to; never fails.

    Args:
        store: where analyses are kept.
        view: has `model_id`, `target`, `preset`, `analysis`, `at` and `vs`.
    """
    notices: list[str] = []
    recipe, draft = "", no_draft()
    try:
        if view.analysis or view.at:
            found = _analysis(store, view)
            recipe, draft = found.recipe, found.draft
        elif view.preset:
            recipe = _preset(view.preset)
    except EngineError as error:
        notices.append(f"{error.sentence} The page shows the baseline.")
    against = ""
    try:
        against = _against(store, view)
    except EngineError as error:
        notices.append(f"{error.sentence} The page compares with the baseline.")
    return Opening(recipe, against, draft, " ".join(notices))


def _analysis(store: Store, view: Any) -> _Found:
    row = store.analyses.get(view.analysis)
    if row.model_id != view.model_id:
        raise EngineError(
            f"the analysis “{row.name}” is of another model", try_this="the list of models"
        )
    if not view.target and row.target and row.target not in {t.id for t in engine.targets()}:
        raise EngineError(
            f"the analysis “{row.name}” is for the target “{row.target}”, which is not here"
            " any more",
            try_this="the same address with &target= and the id of another target",
        )
    shown: Checkpoint | None = None
    if view.at:
        shown = store.analyses.checkpoint_of(view.at)
        if shown.analysis_id != row.id:
            raise EngineError(f"the checkpoint “{shown.name}” is not of the analysis “{row.name}”")
    text = shown.recipe if shown else store.analyses.draft(row.id).recipe
    _check(text, f"“{shown.name if shown else row.name}”")
    return _Found(row, text, draft_state(store, row, shown))


def _against(store: Store, view: Any) -> str:
    if not view.vs:
        return ""
    if view.vs in {p.id for p in engine.presets()}:
        return _preset(view.vs)
    kept = store.analyses.checkpoint_of(view.vs)
    if store.analyses.get(kept.analysis_id).model_id != view.model_id:
        raise EngineError(f"the checkpoint “{kept.name}” is of another model")
    _check(kept.recipe, f"“{kept.name}”")
    return kept.recipe


def _preset(id: str) -> str:
    return engine.write_recipe(engine.preset(id).recipe)


def _check(text: str, name: str) -> None:
    """See that a kept recipe still reads.

    Raises:
        EngineError: this version of the engine cannot read it; nothing is overwritten.
    """
    try:
        if text:
            engine.read_recipe(text)
    except EngineError as error:
        raise EngineError(
            f"the recipe of {name} cannot be read ({error.sentence.rstrip('.')}); it stays as it is"
        ) from error
