"""Analyses: named recipes on a model, each with a tree of checkpoints and one draft.

What a verb has answered is on the disk.  A checkpoint's recipe never changes; the draft is written
at every edit, under the version that the writer has read, so that two tabs cannot overwrite each
other unseen.  Recipes, histories, views, totals and budgets are texts that the store does not
read: the caller checks them when it writes, and again when it reads, since an older or newer
Paredown may have written them.

Every verb asks for the one who acts (`people.acting`), and says the same of what is absent and of
what they may not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits, trees, writes
from engine.store.checkpoints import Checkpoints
from engine.store.limits import document, now
from engine.store.people import Role, acting
from engine.store.rights import forget, need, role_in
from engine.store.roles import listed, roles_of
from engine.store.rows import (
    KEPT,
    AnalysisRow,
    analyses_where,
    analysis_of,
)
from engine.store.tables import ANALYSES, CHECKPOINTS, DRAFTS, MODEL_BUDGETS, MODELS
from engine.store.usage import Verb, record


class Analyses(Checkpoints):
    """All verbs.  A store has one; threads may share it."""

    def create(
        self,
        model_id: str,
        name: str,
        recipe: str,
        *,
        note: str = "",
        target: str = "",
        fps: float | None = None,
        bindings: Mapping[str, int] | None = None,
    ) -> AnalysisRow:
        """Begin an analysis of a model; its draft, of version 1, is the recipe.

        Args:
            model_id: a model that they may fork.
            name: gets a number when another analysis of the model has it.
            recipe: text of the recipe to begin with, of at most `limits.MAX_RECIPE` bytes.
            note: lines of text.
            target: id of a target.
            fps: frame rate in 1/s; None the target's own.
            bindings: symbolic sizes.

        Raises:
            EngineError: no such model, a value that cannot be stored, or too many analyses.
        """
        values = {
            "name": limits.name_from(name),
            "note": limits.note_from(note),
            **writes.aim(target, fps, bindings),
            "budgets": "",
            "forked_from": "",
        }
        text = document(recipe, "the recipe", limits.MAX_RECIPE)
        with self._database.writing() as connection:
            values["model_id"] = need(connection, "model", model_id, Role.FORKER)
            made = writes.insert_analysis(connection, values, acting().user)
            writes.insert_draft(connection, made, acting().user, text)
            return analysis_of(connection, made)

    def list(self, model_id: str | None = None) -> tuple[AnalysisRow, ...]:
        """The analyses of a model, or of all models, in the order in which they were begun.

        Raises:
            EngineError: no such model.
        """
        where = [listed("analysis"), ANALYSES.c.deleted == ""]
        with self._database.reading() as connection:
            if model_id is not None:
                found = need(connection, "model", model_id, Role.VIEWER)
                where.append(ANALYSES.c.model_id == found)
            seen = roles_of(connection, "analysis", *where)
            # one whose model they may not see any more is not there, also when it is theirs
            return tuple(r for r in analyses_where(connection, *where) if r.id in seen)

    def get(self, analysis_id: str) -> AnalysisRow:
        """One analysis.

        Raises:
            EngineError: there is none with this id that the owner may see.
        """
        with self._database.reading() as connection:
            return analysis_of(connection, analysis_id)

    def rename(self, analysis_id: str, name: str) -> AnalysisRow:
        """Give an analysis another name, with a number when another of its model has it.

        Raises:
            EngineError: no such analysis, or a name that is no text.
        """
        shown = limits.name_from(name)
        with self._database.writing() as connection:
            row = analysis_of(connection, analysis_id, Role.EDITOR)
            free = limits.free_name(
                shown, writes.names_of(connection, row.model_id, row.owner) - {row.name}
            )
            return writes.change_analysis(connection, row, name=free)

    def annotate(self, analysis_id: str, note: str) -> AnalysisRow:
        """Put another note on an analysis.

        Raises:
            EngineError: no such analysis, or a note that cannot be stored.
        """
        text = limits.note_from(note)
        with self._database.writing() as connection:
            return writes.change_analysis(
                connection, analysis_of(connection, analysis_id, Role.EDITOR), note=text
            )

    def retarget(
        self,
        analysis_id: str,
        target: str,
        fps: float | None = None,
        bindings: Mapping[str, int] | None = None,
    ) -> AnalysisRow:
        """Put an analysis on another target, frame rate and sizes.

        Raises:
            EngineError: no such analysis, or a value that cannot be stored.
        """
        values = writes.aim(target, fps, bindings)
        with self._database.writing() as connection:
            return writes.change_analysis(
                connection, analysis_of(connection, analysis_id, Role.EDITOR), **values
            )

    def delete(self, analysis_id: str) -> AnalysisRow:
        """Delete an analysis; returns what it was.  `restore` brings it back until `purge`.

        Raises:
            EngineError: no such analysis.
        """
        with self._database.writing() as connection:
            row = analysis_of(connection, analysis_id, Role.OWNER)
            change = sa.update(ANALYSES).where(ANALYSES.c.id == row.id)
            connection.execute(change.values(deleted=now()))
            return row

    def restore(self, analysis_id: str) -> AnalysisRow:
        """Bring a deleted analysis back, under a free name.

        Raises:
            EngineError: no such analysis was deleted, or it is too long ago, or too many stand.
        """
        with self._database.writing() as connection:
            standing = sa.exists().where(DRAFTS.c.analysis_id == ANALYSES.c.id)
            gone = (
                analyses_where(
                    connection,
                    *(ANALYSES.c.id == analysis_id, ANALYSES.c.owner == acting().user),
                    *(ANALYSES.c.deleted != "", standing),
                )
                if limits.is_id(analysis_id)
                else ()
            )
            if not gone:
                raise EngineError("there is no such deleted analysis")
            writes.check_room(connection, gone[0].owner)
            free = limits.free_name(
                gone[0].name, writes.names_of(connection, gone[0].model_id, gone[0].owner)
            )
            return writes.change_analysis(connection, gone[0], name=free, deleted="")

    def fork(self, analysis_id: str, name: str, checkpoint_id: str | None = None) -> AnalysisRow:
        """Begin another analysis with what this one has: its draft, or one of its checkpoints.

        That is the first checkpoint of the fork and its draft; target, sizes, note and budgets
        come along.  The fork keeps where it comes from, also when that is deleted.

        Raises:
            EngineError: no such analysis or checkpoint, a bad name, or too many analyses.
        """
        shown = limits.name_from(name)
        with self._database.writing() as connection:
            source = analysis_of(connection, analysis_id, Role.FORKER)
            values = {
                **{key: getattr(source, key) for key in ("model_id", "note", "target", "fps")},
                "bindings": limits.bindings_text(source.bindings),
                "budgets": source.budgets,
                "forked_from": source.id,
                "name": shown,
            }
            if checkpoint_id is None:
                draft = writes.draft_seen(connection, source)
                recipe, history = draft.recipe, draft.history
                root = {"kind": KEPT, "name": limits.clean_name(f"Draft of {source.name}")}
            else:
                start = trees.found(connection, checkpoint_id, source.id)
                recipe, history = start.recipe, ""
                copied = ("kind", "name", "note", "view", "totals", "engine")
                root = {key: getattr(start, key) for key in copied}
            made = writes.insert_analysis(connection, values, acting().user)
            base = trees.insert(connection, made, parent_id=None, recipe=recipe, **root)
            writes.insert_draft(connection, made, acting().user, recipe, history, base)
            record(connection, Verb.FORKED, "analysis", made)
            return analysis_of(connection, made)

    def set_budgets(self, analysis_id: str, budgets: str) -> AnalysisRow:
        """Give an analysis budgets of its own, as JSON; "" and the model's hold again.

        Raises:
            EngineError: no such analysis, or a value that cannot be stored.
        """
        text = document(budgets, "the budgets", limits.MAX_BUDGETS)
        with self._database.writing() as connection:
            return writes.change_analysis(
                connection, analysis_of(connection, analysis_id, Role.EDITOR), budgets=text
            )

    def model_budgets(self) -> Mapping[str, str]:
        """Model id -> JSON, for each model of the list that has budgets."""
        query = sa.select(MODEL_BUDGETS.c.model_id, MODEL_BUDGETS.c.budgets).join(MODELS)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(listed("model"))).all()
        return {row.model_id: row.budgets for row in rows}

    def budgets_of(self, model_id: str) -> str:
        """The budgets of a model that may be seen, as JSON; "" without any."""
        query = sa.select(MODEL_BUDGETS.c.budgets).where(MODEL_BUDGETS.c.model_id == model_id)
        with self._database.reading() as connection:
            if role_in(connection, "model", model_id) is Role.NONE:
                return ""
            return str(connection.scalar(query) or "")

    def set_model_budgets(self, model_id: str, budgets: str) -> None:
        """Give a model budgets, as JSON; "" takes them away.

        Raises:
            EngineError: no such model, or a value that cannot be stored.
        """
        text = document(budgets, "the budgets", limits.MAX_BUDGETS)
        with self._database.writing() as connection:
            found = need(connection, "model", model_id, Role.EDITOR)
            connection.execute(sa.delete(MODEL_BUDGETS).where(MODEL_BUDGETS.c.model_id == found))
            if text:
                connection.execute(
                    sa.insert(MODEL_BUDGETS).values(model_id=found, budgets=text, updated=now())
                )

    def purge(self, older_than_s: float = 30 * 86400.0) -> int:
        """Forget what was deleted long ago, of all owners; returns how many analyses.

        Of one that a fork names only the name stays.
        """
        limit = datetime.now(UTC) - timedelta(seconds=older_than_s)
        old = (ANALYSES.c.deleted != "", ANALYSES.c.deleted < limit.isoformat())
        named = sa.select(ANALYSES.c.forked_from)
        with self._database.writing() as connection:
            ids = connection.scalars(
                sa.select(ANALYSES.c.id).where(
                    *old,
                    sa.or_(
                        sa.exists().where(DRAFTS.c.analysis_id == ANALYSES.c.id),
                        ANALYSES.c.id.not_in(named),
                    ),
                )
            ).all()
            for one in ids:
                forget(connection, "analysis", one)
                for table in (DRAFTS, CHECKPOINTS):
                    connection.execute(sa.delete(table).where(table.c.analysis_id == one))
                emptied = {"note": "", "bindings": "{}", "budgets": ""}
                connection.execute(sa.update(ANALYSES).where(ANALYSES.c.id == one).values(emptied))
            connection.execute(sa.delete(ANALYSES).where(*old, ANALYSES.c.id.not_in(named)))
        return len(ids)
