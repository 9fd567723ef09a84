"""The verbs on what an analysis holds: its tree of checkpoints and its draft.

A checkpoint's recipe never changes; the draft is written at every edit.
"""

from __future__ import annotations

import sqlalchemy as sa

import engine
from engine.errors import EngineError
from engine.store import limits, trees, writes
from engine.store.database import Database
from engine.store.limits import document
from engine.store.people import Role, acting
from engine.store.rows import (
    SAVED,
    Checkpoint,
    CheckpointRow,
    Conflict,
    Draft,
    Meanwhile,
    analysis_of,
)
from engine.store.tables import CHECKPOINTS
from engine.store.usage import Verb, record

ELSEWHERE, BEFORE = "From another tab", "Before the restart"  # names of what the store keeps


class Checkpoints:
    """The verbs on checkpoints and drafts, which `Analyses` has too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def checkpoint(
        self,
        analysis_id: str,
        name: str,
        recipe: str,
        *,
        note: str = "",
        parent_id: str | None = None,
        view: str = "",
        totals: str = "",
        seen: int | None = None,
    ) -> Checkpoint:
        """Save a recipe as a checkpoint; a draft that holds this recipe stands on it from now on.

        The draft is not written: save it first.  One that holds something else, from another tab,
        stays on the checkpoint that it was made from.

        Args:
            analysis_id: where.
            name: gets a number when another checkpoint of the analysis has it.
            recipe: text of the recipe, of at most `limits.MAX_RECIPE` bytes.
            note: lines of text.
            parent_id: a checkpoint of the same analysis; None: the one that the draft stands on.
            view: query of an address.
            totals: JSON for lists.
            seen: version of the tree that the writer has seen; None does not ask.

        Raises:
            Meanwhile: another person saved since `seen`; nothing is saved.
            EngineError: no such analysis or parent, a value that cannot be stored, or too many
                checkpoints.
        """
        shown, lines = limits.name_from(name), limits.note_from(note)
        texts = {
            "recipe": document(recipe, "the recipe", limits.MAX_RECIPE),
            "view": document(view, "the view", limits.MAX_VIEW),
            "totals": document(totals, "the totals", limits.MAX_TOTALS),
        }
        with self._database.writing() as connection:
            row = analysis_of(connection, analysis_id, Role.EDITOR)
            if seen is not None:
                others = CHECKPOINTS.c.author != acting().user
                since = CHECKPOINTS.c.seq > limits.version_from(seen)
                last = trees.latest(connection, row.id, since, others)
                if last is not None:
                    raise Meanwhile(last, row.version)
            parent = (
                writes.draft_seen(connection, row).base_id
                if parent_id is None
                else trees.found(connection, parent_id, row.id).id
            )
            made = trees.insert(
                connection,
                row.id,
                parent_id=parent,
                kind=SAVED,
                name=shown,
                note=lines,
                engine=engine.VERSION,
                **texts,
            )
            writes.stand_on(connection, row.id, acting().user, made, texts["recipe"])
            record(connection, Verb.SAVED, "analysis", row.id)
            return trees.found(connection, made)

    def checkpoints(self, analysis_id: str) -> tuple[CheckpointRow, ...]:
        """The checkpoints of an analysis in the order of saving, parents before children.

        Raises:
            EngineError: no such analysis.
        """
        with self._database.reading() as connection:
            return trees.listed(connection, analysis_of(connection, analysis_id).id)

    def checkpoint_of(self, checkpoint_id: str) -> Checkpoint:
        """One checkpoint with its recipe.

        Raises:
            EngineError: there is none with this id that the owner may see.
        """
        with self._database.reading() as connection:
            return trees.found(connection, checkpoint_id)

    def label(self, checkpoint_id: str, name: str, note: str = "") -> Checkpoint:
        """Give a checkpoint another name and note; what it holds stays.

        One that the store kept by itself is a person's from now on.

        Raises:
            EngineError: no such checkpoint, or a value that cannot be stored.
        """
        shown, lines = limits.name_from(name), limits.note_from(note)
        with self._database.writing() as connection:
            row = trees.found(connection, checkpoint_id, role=Role.EDITOR)
            others = connection.scalars(
                sa.select(CHECKPOINTS.c.name).where(
                    CHECKPOINTS.c.analysis_id == row.analysis_id, CHECKPOINTS.c.id != row.id
                )
            )
            change = sa.update(CHECKPOINTS).where(CHECKPOINTS.c.id == row.id)
            free = limits.free_name(shown, frozenset(others))
            connection.execute(change.values(name=free, note=lines, kind=SAVED))
            return trees.found(connection, row.id)

    def remove_checkpoint(self, checkpoint_id: str) -> Checkpoint:
        """Remove a checkpoint for good; returns what it was.

        What was saved from it, and the draft if it stands on it, stand on its parent.

        Raises:
            EngineError: no such checkpoint.
        """
        with self._database.writing() as connection:
            row = trees.found(connection, checkpoint_id, role=Role.EDITOR)
            trees.take_out(connection, row)
            return row

    def draft(self, analysis_id: str) -> Draft:
        """What the one who asks is working on; what was saved last where that is nothing yet.

        Raises:
            EngineError: no such analysis.
        """
        with self._database.reading() as connection:
            return writes.draft_seen(connection, analysis_of(connection, analysis_id))

    def save_draft(self, analysis_id: str, recipe: str, history: str, base_version: int) -> int:
        """Write the draft; returns its new version.

        A writer that has not seen the last version is refused, and what it brought becomes a
        checkpoint beside the draft, once however often it comes: the tab may be closed before a
        person answers, and merging recipes whose rules are ordered would guess.  No conflict is a
        draft that holds this recipe already, as after an answer that was lost on the way.

        Args:
            analysis_id: where.
            recipe: text of the recipe, of at most `limits.MAX_RECIPE` bytes.
            history: JSON for undo and redo, of at most `limits.MAX_HISTORY` bytes.
            base_version: the version that the writer has read.

        Raises:
            Conflict: the draft has another version by now.
            EngineError: no such analysis, or a value that cannot be stored.
        """
        text = document(recipe, "the recipe", limits.MAX_RECIPE)
        steps = document(history, "the history", limits.MAX_HISTORY)
        seen = limits.version_from(base_version)
        with self._database.writing() as connection:
            row = analysis_of(connection, analysis_id, Role.EDITOR)
            begun = writes.draft_seen(connection, row).version
            draft = writes.own_draft(connection, row)
            if not begun and not seen:
                seen = draft.version  # the first edit of somebody who saw another's
            if (draft.recipe, draft.history) == (text, steps):
                return draft.version
            if seen == draft.version or draft.recipe == text:
                return writes.write_draft(
                    connection, row.id, acting().user, recipe=text, history=steps
                )
            kept = trees.keep(connection, row.id, draft.base_id, ELSEWHERE, text)
        raise Conflict(seen, draft.version, kept)  # after the commit: what was kept is kept

    def restart(self, analysis_id: str, checkpoint_id: str) -> Draft:
        """Make the draft what a checkpoint holds; returns it.

        A draft that no checkpoint holds becomes one first.

        Raises:
            EngineError: no such analysis or checkpoint, or no room to keep the draft.
        """
        with self._database.writing() as connection:
            row = analysis_of(connection, analysis_id, Role.EDITOR)
            start = trees.found(connection, checkpoint_id, row.id)
            draft = writes.own_draft(connection, row)
            if draft.unsaved and not trees.keep(
                connection, row.id, draft.base_id, BEFORE, draft.recipe
            ):
                raise EngineError(
                    "there is no room to keep the draft, which is not saved",
                    try_this="saving it, or removing checkpoints",
                )
            writes.write_draft(
                connection, row.id, acting().user,
                recipe=start.recipe, history="", base_id=start.id,
            )  # fmt: skip
            return writes.draft_seen(connection, row)
