"""What the page asks of its analysis: the autosave, checkpoints, forks, restarts, deletion.

One message at a time: the page sends the next one when the last is answered, so versions follow.
A message is `{"verb", "document", "analysis", "at", "version", "turn"}` and what its verb needs
(`id`, `name`, `note`); the answer is the new state of the draft (`queries.analyses.draft_state`).
Messages come from a browser: everything in one is checked here or by the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dashboard.queries.analyses import (
    Comparison,
    DraftState,
    ago,
    aim_of,
    begun,
    checked,
    comparison,
    document_of_draft,
    draft_state,
    history_of,
    no_draft,
)
from dashboard.queries.documents import Document, document_of, recipe_of, split, text_of
from dashboard.queries.model import ModelQueries
from dashboard.queries.replay import Replayed, provenance, replay, words
from dashboard.queries.saved_totals import totals_text
from dashboard.urls import View, build
from engine.errors import EngineError
from engine.store import AnalysisRow, Checkpoint, Conflict, Meanwhile, Store

UNTITLED = "Untitled"
# verbs after which the tree has been seen as it is by now
SEES = frozenset({"checkpoint", "create", "fork", "go_on", "open", "restart"})


class Stopped(EngineError):
    """The draft that the page writes is not there any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page gets.

    Args:
        draft: state of the draft.  Besides `draft_state` it has "turn", of the message;
            "conflict", why the autosave has stopped, with "kept", the checkpoint that holds what
            was refused, and "gone", whether there is no draft any more; "fault", why this one
            save failed; "meanwhile", what another person saved, which stopped a checkpoint.
        said: one sentence for a notice, or "".
        undo: id of the analysis that the notice offers to bring back, or "".
        against: what figures are to be compared with; None as before.
        load: a document that the page is to show; None the one that it has.
        refused: nothing was done; `said` has the reason.
        replayed: what a replay found, checkpoint by checkpoint.
    """

    draft: DraftState
    said: str = ""
    undo: str = ""
    against: Comparison | None = None
    load: Document | None = None
    refused: bool = False
    replayed: tuple[Replayed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Message:
    """A message whose recipe has been read; `id`, `name`, `note` and `version` are as sent."""

    store: Store
    ask: ModelQueries
    view: View
    document: Mapping[str, Any]
    text: str
    analysis: str
    at: str
    version: Any
    tree: int | None
    id: Any
    name: Any
    note: Any

    def history(self, row: AnalysisRow) -> str:
        """The document as a draft keeps it, with what the page is looked at for."""
        return history_of(self.document, self.aim, row)

    @property
    def aim(self) -> dict[str, Any]:
        """Target, frame rate and sizes that the page shows."""
        view = self.view
        return {"target": view.target, "fps": view.fps, "bindings": dict(view.bindings)}

    def row(self) -> AnalysisRow:
        """The open analysis.

        Raises:
            Stopped: it was deleted, or is of another model.
        """
        try:
            return self.owned(self.store.analyses.get(self.analysis))
        except EngineError as error:
            raise Stopped(error.what, try_this="going on as a new analysis") from error

    def owned(self, row: AnalysisRow) -> AnalysisRow:
        """See that an analysis is of this model.

        Raises:
            EngineError: it is not.
        """
        if row.model_id != self.view.model_id:
            raise EngineError("this analysis is of another model", try_this="loading the page anew")
        return row

    def checkpoint(self, id: Any) -> Checkpoint:
        """A checkpoint of the open analysis.

        Raises:
            EngineError: there is none with this id.
        """
        found = self.store.analyses.checkpoint_of(id)
        if found.analysis_id != self.analysis:
            raise EngineError("this checkpoint is of another analysis")
        return found


def answer(store: Store, ask: ModelQueries, view: View, message: object) -> Answer:
    """Do what a message asks for; a fault that a person can read is part of the answer.

    Args:
        store: where analyses are kept.
        ask: prices what a checkpoint holds.
        view: model, target, frame rate and sizes that the page shows.
        message: what the browser sent.
    """
    sent: Mapping[str, Any] = message if isinstance(message, dict) else {}
    turn = sent.get("turn") if type(sent.get("turn")) is int else 0
    try:
        done = _verb(sent)(_read(store, ask, view, sent))
    except (Conflict, Stopped) as error:
        kept = error.kept if isinstance(error, Conflict) else ""
        done = Answer(_as_sent(store, sent) | {
            "conflict": f"{begun(error.what)}.",
            "kept": kept, "gone": isinstance(error, Stopped),
        })  # fmt: skip
    except EngineError as error:
        silent = sent.get("verb") == "save"  # the header says it, until a save works again
        state = _as_sent(store, sent) | ({"fault": error.sentence} if silent else {})
        done = Answer(state, "" if silent else begun(error.sentence), refused=True)
    same = str(sent.get("verb")) not in SEES and done.draft["analysis"] == sent.get("analysis")
    seen = {"tree": tree} if same and type(tree := sent.get("tree")) is int else {}
    return replace(done, draft=done.draft | seen | {"turn": turn})


def _verb(sent: Mapping[str, Any]) -> Callable[[_Message], Answer]:
    verb = sent.get("verb")
    if not isinstance(verb, str) or verb not in VERBS:
        raise EngineError("the page asked for what is not known", found=repr(verb)[:40])
    return VERBS[verb]


def _read(store: Store, ask: ModelQueries, view: View, sent: Mapping[str, Any]) -> _Message:
    document = sent.get("document")
    text = text_of(document)
    plain = {k: document[k] for k in ("pool", "states", "at")} if isinstance(document, dict) else {}
    analysis, at = (v if isinstance(v := sent.get(k), str) else "" for k in ("analysis", "at"))
    view = replace(view, analysis=analysis, at=at, recipe=text, against="")
    asked = (sent.get("id"), sent.get("name", ""), sent.get("note", ""))
    tree = tree if type(tree := sent.get("tree")) is int else None
    return _Message(store, ask, view, plain, text, analysis, at, sent.get("version"), tree, *asked)


def _as_sent(store: Store, sent: Mapping[str, Any]) -> DraftState:
    """The state that the page has said it is in, with the name of its analysis."""
    told = ("analysis", "at", "version", "tree")
    state = no_draft() | {k: sent[k] for k in told if k in sent}
    try:
        known = draft_state(store, store.analyses.get(state["analysis"]))
    except EngineError:
        return state
    return known | {k: state[k] for k in ("at", "version", "tree")}


def _written(m: _Message, analysis: str, version: int) -> DraftState:
    """The state after a write of the draft: the version that it gave, not what stands by now."""
    return draft_state(m.store, m.store.analyses.get(analysis)) | {"version": version}


def _begin(m: _Message, name: Any) -> DraftState:
    view, held = m.view, m.store.analyses
    row = held.create(
        view.model_id, name, m.text,
        note=m.note, target=view.target, fps=view.fps, bindings=dict(view.bindings),
    )  # fmt: skip
    return _written(m, row.id, held.save_draft(row.id, m.text, m.history(row), 1))


def _restarted(m: _Message, id: Any) -> tuple[int, str]:
    """Make the draft what a checkpoint holds: (its version, what is said of it)."""
    row, held = m.row(), m.store.analyses
    before = {c.id for c in held.checkpoints(row.id)}
    start = m.checkpoint(id)
    version = held.restart(row.id, start.id).version
    kept = [c.name for c in held.checkpoints(row.id) if c.id not in before]
    more = f" What was not saved is kept as the checkpoint “{kept[0]}”." if kept else ""
    return version, f"The draft goes on from “{start.name}”.{more}"


def _save(m: _Message) -> Answer:
    """Write the draft; the first edit that is more than a preset begins an analysis."""
    if not m.analysis:
        preset, rest = split(recipe_of(m.text))
        if not m.text or (preset is not None and not rest.rules):
            return Answer(no_draft())
        return Answer(_begin(m, UNTITLED))
    row, version, said = m.row(), m.version, ""
    if m.at:
        start = m.checkpoint(m.at)
        if m.text == checked(start.recipe, start.name):
            return Answer(draft_state(m.store, row, start))
        version, said = _restarted(m, start.id)
    version = m.store.analyses.save_draft(row.id, m.text, m.history(row), version)
    return Answer(_written(m, row.id, version), said)


def _checkpoint(m: _Message) -> Answer:
    """Save the draft, and the recipe as a checkpoint, unless another person saved meanwhile."""
    start = m.checkpoint(m.at) if m.analysis and m.at else None
    if start and m.text == checked(start.recipe, start.name):
        raise EngineError("nothing was changed since this checkpoint")
    done = _save(m) if m.analysis else Answer(_begin(replace(m, note=""), UNTITLED))
    saved = done.draft
    view = replace(m.view, at="", analysis=saved["analysis"])
    try:
        kept = m.store.analyses.checkpoint(
            saved["analysis"], m.name or words_of(m.text), m.text, note=m.note,
            view=build(view).partition("?")[2],
            totals=totals_text(m.ask, m.view, partial(provenance, m.store, m.view)),
            seen=m.tree if m.analysis else None,
        )  # fmt: skip
    except Meanwhile as error:
        row = error.row
        told = {"id": row.id, "version": error.version,
                "words": f"{row.author} saved “{row.name}” {ago(row.created)}."}  # fmt: skip
        return Answer(saved | {"tree": m.tree, "meanwhile": told}, refused=True)
    plan, version = m.store.analyses.get(kept.analysis_id), saved["version"]
    if m.aim != aim_of(plan):  # saved for everybody, so it is what the analysis is for from now on
        plan = m.store.analyses.retarget(plan.id, **m.aim)
        version = m.store.analyses.save_draft(plan.id, m.text, m.history(plan), version)
    state = _written(m, plan.id, version)
    return Answer(state, f"{done.said} Saved the checkpoint “{kept.name}”.".strip())


def _create(m: _Message) -> Answer:
    """Go on under another name: a fork of what is open, or the first analysis."""
    if not m.analysis:
        return Answer(_begin(m, m.name or UNTITLED))
    row = m.row()
    return _forked(m, row.id, m.name or f"Fork of {row.name}", m.at or None)


def _go_on(m: _Message) -> Answer:
    """After a conflict: what this tab holds goes on as an analysis of its own."""
    try:
        source = m.row()
    except Stopped:
        return Answer(_begin(replace(m, note=""), UNTITLED))
    kept = [c.id for c in m.store.analyses.checkpoints(source.id) if c.id == m.id]
    return _forked(m, source.id, f"Fork of {source.name}", kept[0] if kept else None)


def _forked(m: _Message, source: str, name: Any, start: str | None) -> Answer:
    """A fork whose draft is what the page shows."""
    row = m.store.analyses.fork(source, name, start)
    row = m.store.analyses.retarget(row.id, **m.aim)
    version = m.store.analyses.save_draft(row.id, m.text, m.history(row), 1)
    return Answer(_written(m, row.id, version), _now_at(row))


def _fork(m: _Message) -> Answer:
    """Fork a checkpoint, or the draft of an analysis, and open the fork."""
    held = m.store.analyses
    try:
        source, start = held.get(m.id), None
    except EngineError:
        start = held.checkpoint_of(m.id)
        source = held.get(start.analysis_id)
    m.owned(source)
    row = held.fork(source.id, f"Fork of {source.name}", start.id if start else None)
    return _draft_opened(m, row, _now_at(row))


def _now_at(row: AnalysisRow) -> str:
    return f"This is the analysis “{row.name}” now, {row.provenance}."


def _open(m: _Message) -> Answer:
    """Show a checkpoint of the open analysis, or, without an id, its draft."""
    row = m.row()
    if not m.id:
        return _draft_opened(m, row)
    start = m.checkpoint(m.id)
    document = document_of(checked(start.recipe, start.name))
    return Answer(draft_state(m.store, row, start), load=document)


def _draft_opened(m: _Message, row: AnalysisRow, said: str = "") -> Answer:
    document = document_of_draft(m.store, row)
    return Answer(draft_state(m.store, row), said, load=document)


def _restart(m: _Message) -> Answer:
    _, said = _restarted(m, m.id)
    return _draft_opened(m, m.row(), said)


def _describe(m: _Message) -> Answer:
    """Give an analysis or a checkpoint another name and note."""
    held = m.store.analyses
    try:
        row = held.get(m.id)
    except EngineError:
        m.owned(held.get(held.checkpoint_of(m.id).analysis_id))
        held.label(m.id, m.name, m.note)
    else:
        m.owned(row)
        held.annotate(row.id, m.note)
        if m.name != row.name:
            held.rename(row.id, m.name)
    return _here(m)


def _delete(m: _Message) -> Answer:
    row = m.owned(m.store.analyses.get(m.id))
    m.store.analyses.delete(row.id)
    return replace(_here(m), said=f"Deleted the analysis “{row.name}”.", undo=row.id)


def _bring_back(m: _Message) -> Answer:
    """Undo a deletion; a page that shows no other analysis and still has its recipe is in it."""
    row = m.owned(m.store.analyses.restore(m.id))
    same = not m.analysis and m.store.analyses.draft(row.id).recipe == m.text
    here = Answer(draft_state(m.store, row)) if same else _here(m)
    return replace(here, said=f"The analysis “{row.name}” is back.")


def _remove(m: _Message) -> Answer:
    """Remove a checkpoint for good; the page that shows it goes to the draft."""
    held = m.store.analyses
    found = held.checkpoint_of(m.id)
    m.owned(held.get(found.analysis_id))
    held.remove_checkpoint(found.id)
    shown = found.id == m.at
    here = _draft_opened(m, m.row()) if shown else _here(m)
    return replace(here, said=f"Removed the checkpoint “{found.name}”.")


def _compare(m: _Message) -> Answer:
    """Compare with a checkpoint or a preset; without an id, with the baseline."""
    return replace(_here(m), against=comparison(m.store, m.view.model_id, m.id))


def _replay(m: _Message) -> Answer:
    """Compute the checkpoints again; only what that found is new."""
    found = replay(m.store, m.ask, m.row().id)
    return replace(_here(m), said=words(found), replayed=found)


def _here(m: _Message) -> Answer:
    """Where the page was; nothing when its analysis is gone."""
    try:
        row = m.row()
    except Stopped:
        return Answer(no_draft())
    start = m.checkpoint(m.at) if m.at else None
    return Answer(draft_state(m.store, row, start) | {"version": m.version})


def words_of(text: str) -> str:
    """What a recipe is called when a person has not said: "int8 + 3 rules"."""
    preset, rest = split(recipe_of(text))
    count = len(rest.rules)
    more = [f"{count} rule{'s' if count > 1 else ''}"] if count else []
    return " + ".join([*([preset.label] if preset else []), *more]) or "Baseline"


VERBS: Mapping[str, Callable[[_Message], Answer]] = {
    "save": _save, "checkpoint": _checkpoint, "create": _create, "go_on": _go_on, "fork": _fork,
    "open": _open, "restart": _restart, "describe": _describe, "delete": _delete,
    "restore": _bring_back, "remove": _remove, "compare": _compare, "replay": _replay,
}  # fmt: skip
