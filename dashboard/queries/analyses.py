"""The saved analyses of a model: what an address opens, and what the page keeps by itself.

An analysis is a named recipe with a tree of checkpoints and a draft (`engine/store`).  Texts that
come back from the store may have been written by another version of the engine: what no longer
reads is said in one sentence, shown as the baseline, and never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import engine
from dashboard.queries.documents import Document, canonical, document_of, text_of
from dashboard.queries.sharing import held_words, keeps
from dashboard.urls import View
from engine.errors import EngineError
from engine.numbers import count
from engine.store import AnalysisRow, CheckpointRow, Draft, Store

MOST_HISTORY = 1_500_000  # characters of JSON; a longer past is not kept with the draft
MOST_FPS = 1e6  # 1/s, that a draft may ask for
DraftState = dict[str, Any]
Comparison = dict[str, str]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an address opens.

    Args:
        view: with its recipe and comparison, and what the analysis is for where the address does
            not say; ids that lead nowhere are gone from it.
        document: the recipe with its past, for undo.
        against: see `comparison`.
        draft: what the page knows of the analysis; see `draft_state`.
        notice: one sentence on what could not be opened, or "".
    """

    view: View
    document: Document
    against: Comparison
    draft: DraftState
    notice: str


@dataclass(frozen=True, slots=True)
class _Found:
    document: Document
    draft: DraftState


def no_draft() -> DraftState:
    """The state of a page that shows no analysis."""
    return {
        "analysis": "", "at": "", "version": 0, "saved": "", "conflict": "",
        "name": "", "base": "", "unsaved": False, "words": "", "title": "",
        "target": "", "fps": None, "bindings": {}, "keeps": "", "may": "", "whose": "", "tree": 0,
    }  # fmt: skip


def draft_state(store: Store, row: AnalysisRow, shown: CheckpointRow | None = None) -> DraftState:
    """What a page knows of the analysis that it shows.

    Args:
        store: where it is kept.
        row: the analysis.
        shown: the checkpoint that is shown; None the draft.

    Returns:
        Its id, checkpoint (`at`, "" the draft), the draft's `version`, when it was `saved` (UTC,
        ISO), `name`, the checkpoint that is shown or that the draft stands on (`base`, its name),
        whether the draft is `unsaved`, all that in `words` and at length (`title`), and what the
        analysis is for: `target`, `fps` (1/s), `bindings`.  `may` is the role of the one who asks,
        `keeps` what of their edits is kept, `whose` both in words, "" where it is their own; `tree`
        is the version of the checkpoints, which a save names as the one that was seen.
    """
    draft = store.analyses.draft(row.id)
    base = shown or (store.analyses.checkpoint_of(draft.base_id) if draft.base_id else None)
    name, time = base.name if base else "", f"saved {clock(draft.updated)}"
    unsaved = draft.unsaved and shown is None
    role = store.sharing.role("analysis", row.id)
    since = f"unsaved changes since {name}" if unsaved else f"at {name}" if base else time
    return no_draft() | {
        "words": f"checkpoint {name}" if shown else since if base else time,
        "title": f"The draft of {row.name}, {time} by itself",
        "analysis": row.id, "at": shown.id if shown else "", "version": draft.version,
        "saved": draft.updated.isoformat(), "name": row.name, "base": name, "unsaved": unsaved,
        **(aim_of(row) if shown else _aim_of_draft(draft, row)),
        "keeps": keeps("analysis", role), "may": role.word, "whose": held_words(row.owner, role),
        "tree": row.version,
    }  # fmt: skip


def aim_of(row: AnalysisRow) -> dict[str, Any]:
    """What an analysis is for: target, frame rate (1/s; None the target's own) and sizes."""
    return {"target": row.target, "fps": row.fps, "bindings": dict(row.bindings)}


def _aim_of_draft(draft: Draft, row: AnalysisRow) -> dict[str, Any]:
    """What somebody looks at with their draft, where that is not what the analysis is for."""
    try:
        kept = json.loads(draft.history)["aim"] if '"aim"' in draft.history else {}
        target, fps, sizes = kept["target"], kept["fps"], dict(kept["bindings"])
        known = target in {t.id for t in engine.targets()}
        paced = fps is None or (type(fps) in (float, int) and 0 < fps < MOST_FPS)
        if known and paced and all(type(n) is int and n > 0 for n in sizes.values()):
            return {"target": target, "fps": fps, "bindings": sizes}
    except (KeyError, TypeError, ValueError, RecursionError):
        pass  # written by another version, or nothing was
    return aim_of(row)


def history_of(document: Mapping[str, Any], aim: Mapping[str, Any], row: AnalysisRow) -> str:
    """A document as JSON, without its past when that is longer than a draft may keep.

    What this person looks at goes with it where the analysis is for something else: the draft is
    theirs, so nobody else's page changes.

    Args:
        document: with its past.
        aim: target, frame rate and sizes that the page shows.
        row: the analysis.
    """
    own = {} if aim == aim_of(row) else {"aim": aim}
    text = json.dumps({**document, **own}, separators=(",", ":"))
    return text if len(text) <= MOST_HISTORY else json.dumps(own) if own else ""


def clock(time: datetime) -> str:
    """The time of today, or the day: as the machine that serves has it."""
    own, now = time.astimezone(), datetime.now(UTC).astimezone()
    if own.date() == now.date():
        return f"{own:%H:%M}"
    return f"{own:%-d %b}" if own.year == now.year else f"{own:%-d %b %Y}"


def ago(time: datetime) -> str:
    """How long ago, in words: "just now", "2 minutes ago", "on 3 May at 10:00"."""
    minutes = (datetime.now(UTC) - time).total_seconds() / 60
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{count(int(minutes), 'minute')} ago"
    return f"{count(int(minutes / 60), 'hour')} ago" if minutes < 24 * 60 else f"on {clock(time)}"


def begun(sentence: str) -> str:
    """A sentence that begins with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def opening(store: Store, view: View) -> Opening:
    """The recipe, the comparison and the draft that an address leads to; never fails."""
    notices: list[str] = []
    document, draft = document_of(""), no_draft()
    try:
        if view.analysis or view.at:
            found = _analysis(store, view)
            document, draft = found.document, found.draft
            view = replace(
                view,
                preset="",
                target=view.target or draft["target"],
                fps=view.fps or draft["fps"],
                bindings=view.bindings or tuple(sorted(draft["bindings"].items())),
            )
        elif view.preset:
            document = document_of(_preset(view.preset))
    except EngineError as error:
        notices.append(f"{begun(error.sentence)} The page shows the baseline.")
        view = replace(view, preset="", analysis="", at="")
    against = comparison(store, view.model_id, "")
    try:
        against = comparison(store, view.model_id, view.vs)
    except EngineError as error:
        notices.append(f"{begun(error.sentence)} The page compares with the baseline.")
    view = replace(view, recipe=text_of(document), against=against["recipe"], vs=against["id"])
    return Opening(view, document, against, draft, " ".join(notices))


def _analysis(store: Store, view: View) -> _Found:
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
    if not view.at:
        return _Found(document_of_draft(store, row), draft_state(store, row))
    shown = store.analyses.checkpoint_of(view.at)
    if shown.analysis_id != row.id:
        raise EngineError(f"the checkpoint “{shown.name}” is not of the analysis “{row.name}”")
    document = document_of(checked(shown.recipe, shown.name))
    return _Found(document, draft_state(store, row, shown))


def comparison(store: Store, model_id: str, id: object) -> Comparison:
    """What figures are compared with, as {"id", "name", "recipe"}.

    Args:
        store: where checkpoints are kept.
        model_id: the model that is shown.
        id: of a checkpoint of any of its analyses, or of a preset; "" the baseline.

    Raises:
        EngineError: there is none, or its recipe cannot be read.
    """
    if not id:
        return {"id": "", "name": "", "recipe": ""}
    for preset in engine.presets():
        if preset.id == id:
            return {"id": preset.id, "name": preset.label, "recipe": _preset(preset.id)}
    kept = store.analyses.checkpoint_of(id)  # type: ignore[arg-type]  # it looks for itself
    if store.analyses.get(kept.analysis_id).model_id != model_id:
        raise EngineError(f"the checkpoint “{kept.name}” is of another model")
    return {"id": kept.id, "name": kept.name, "recipe": checked(kept.recipe, kept.name)}


def _preset(id: str) -> str:
    return engine.write_recipe(engine.preset(id).recipe)


def checked(text: str, name: str) -> str:
    """The canonical text of a kept recipe, once it is seen to read.

    Raises:
        EngineError: this version of the engine cannot read it; nothing is overwritten.
    """
    try:
        return canonical(text)
    except EngineError as error:
        why = error.sentence.rstrip(".")
        raise EngineError(
            f"the recipe of “{name}” cannot be read ({why}); it stays as it is"
        ) from error


def document_of_draft(store: Store, row: AnalysisRow) -> Document:
    """The draft of an analysis with its past, so that undo goes on; without one if it is odd.

    Raises:
        EngineError: the recipe cannot be read.
    """
    draft = store.analyses.draft(row.id)
    text = checked(draft.recipe, row.name)
    try:
        past = json.loads(draft.history) if draft.history else None
        if past is not None and text_of(past) == text:
            return {key: past[key] for key in ("pool", "states", "at")}
    except (EngineError, ValueError, RecursionError):
        pass
    return document_of(text)
