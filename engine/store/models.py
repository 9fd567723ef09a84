"""Models as rows: add, list, find, rename, remove; the parsed network of each."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

import engine
from engine.errors import EngineError
from engine.graph import Dim, Graph, dumps, loads
from engine.store.analyses import Analyses
from engine.store.blobs import Blobs, digest_of
from engine.store.cache import ByteCache
from engine.store.database import Database
from engine.store.experiments import Experiments
from engine.store.jobs import Jobs
from engine.store.limits import MAX_GROUPS, clean_name, document, new_id, now
from engine.store.offspring import Offspring
from engine.store.people import Role, somebody
from engine.store.predictions import Predictions
from engine.store.rights import forget, need, role_in
from engine.store.roles import listed
from engine.store.rows import named
from engine.store.schema import bring_up_to_date
from engine.store.sharing import Sharing
from engine.store.tables import BLOBS, MARKS, MODEL_GROUPS, MODELS
from engine.store.usage import BROUGHT, Usage, Verb, record
from engine.store.work import Work

if TYPE_CHECKING:
    from engine.formats import Trace


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that the store keeps.

    Args:
        id: unguessable, 22 characters, safe in an address.
        sha256: identity of the file's bytes.
        project: models of one project are its versions, in the order of `created`.
        created: UTC.
        op_count: ops of the file, functions inlined.
        dims: symbolic sizes with the values used when it was read.
        properties: facts of the file that the reader found.
    """

    id: str
    sha256: str
    name: str
    project: str
    owner: str
    origin: str
    created: datetime
    file_bytes: int
    op_count: int
    dims: tuple[Dim, ...]
    properties: Mapping[str, str]
    notes: tuple[str, ...]
    description: str


class Store:
    """The data folder: models, analyses (`analyses`), `experiments`, `jobs`, blobs, cache."""

    def __init__(self, folder: Path, cache_bytes: int = 10**9, *, notes: bool = True) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.blobs = Blobs(folder)
        except OSError as error:
            raise EngineError(
                "the data folder cannot be written",
                where=str(folder),
                found=error.strerror or str(error),
                try_this="another folder in PAREDOWN_DATA",
            ) from error
        self.cache = ByteCache(folder / "cache", cache_bytes)
        self._database = Database(folder / "paredown.db", notes=notes)
        try:
            bring_up_to_date(self._database)
        except EngineError:
            self.close()
            raise
        self._latest: tuple[str, Graph | None] = ("", None)
        self.analyses = Analyses(self._database)
        self._files = threading.Lock()  # bytes that arrive are not those being removed
        self.experiments = Experiments(self._database, self.blobs, self._files)
        self.offspring = Offspring(self._database)
        self.predictions = Predictions(self._database, self.blobs)
        self.jobs = Jobs(self._database)
        self.sharing = Sharing(self._database)
        self.usage = Usage(self._database)

    def add(
        self,
        file: Path,
        graph: Graph,
        *,
        name: str = "",
        project: str = "",
        origin: str = "upload",
        description: str = "",
    ) -> tuple[ModelRow, bool]:
        """Keep a file that was read.  Returns its row, and False when it was here already.

        The same bytes are the same model: a second arrival opens the first row, under the name
        that it has by now.

        Raises:
            EngineError: the disk is full or fails; nothing was added.
        """
        shown, owner = clean_name(name or graph.name), somebody()
        with self._files:
            row = {
                "id": new_id(),
                "sha256": self._kept(file, shown),
                "name": shown,
                "project": clean_name(project) if project else project_of(shown),
                "owner": owner,
                "origin": origin,
                "created": datetime.now(UTC).isoformat(timespec="microseconds"),
                "file_bytes": 0,
                "op_count": len(graph.ops),
                "dims": json.dumps([[d.name, d.value, d.given] for d in graph.dims]),
                "properties": json.dumps(dict(graph.properties)),
                "notes": json.dumps(graph.notes),
                "description": description,
            }
            row["file_bytes"] = self.blobs.path(str(row["sha256"])).stat().st_size
            with self._database.writing() as connection:
                inserted = connection.execute(
                    sa.insert(MODELS).prefix_with("OR IGNORE").values(row)
                )
                found = connection.execute(
                    sa.select(MODELS).where(
                        MODELS.c.owner == owner, MODELS.c.sha256 == str(row["sha256"])
                    )
                ).one()
                if inserted.rowcount and origin in BROUGHT:
                    record(connection, Verb.MODEL, "model", found.id)
        kept = _row(found)
        key = self._graph_key(kept.sha256, {})
        self._latest = key, graph  # who adds a model opens it next
        self.cache.set(key, zlib.compress(dumps(graph), 1))
        return kept, bool(inserted.rowcount)

    def _kept(self, file: Path, shown: str) -> str:
        try:
            return self.blobs.keep(file)
        except OSError as error:
            raise EngineError(
                "the file cannot be kept in the data folder",
                where=shown,
                found=error.strerror or str(error),
                try_this="free some space on its disk; what was saved before is safe",
            ) from error

    def work(self, holder: str, lease_s: float = 15.0) -> Work:
        """The jobs as a worker changes them; see `Work`."""
        return Work(self._database, holder, lease_s)

    def models(self) -> tuple[ModelRow, ...]:
        """All models that the one who asks owns or was granted, newest first."""
        query = sa.select(MODELS).where(listed("model"))
        with self._database.reading() as connection:
            return tuple(
                _row(r) for r in connection.execute(query.order_by(MODELS.c.created.desc()))
            )

    def model(self, model_id: str, role: Role = Role.VIEWER) -> ModelRow:
        """One model on which the one who asks has this role or a higher one.

        Raises:
            EngineError: there is none with this id that they may see, or `Refused`.
        """
        with self._database.reading() as connection:
            found = need(connection, "model", model_id, role)
            return _row(connection.execute(sa.select(MODELS).where(MODELS.c.id == found)).one())

    def remove(self, model_id: str) -> ModelRow:
        """Remove a model, and its bytes when no other row names them; returns what it was.

        Its analyses and budgets go with it.
        """
        with self._files:
            with self._database.writing() as connection:
                found = need(connection, "model", model_id, Role.OWNER)
                mine = MODELS.c.id == found
                row = _row(connection.execute(sa.select(MODELS).where(mine)).one())
                forget(connection, "model", row.id)
                connection.execute(sa.delete(MODELS).where(mine))
                left = named(connection, row.sha256)
            if not left:
                self.blobs.remove(row.sha256)  # after the row: a crash leaves a blob to sweep
        return row

    def rename(self, model_id: str, name: str) -> ModelRow:
        """Give a model another name."""
        with self._database.writing() as connection:
            found = need(connection, "model", model_id, Role.EDITOR)
            connection.execute(
                sa.update(MODELS).where(MODELS.c.id == found).values(name=clean_name(name))
            )
        return self.model(model_id)

    def graph(self, row: ModelRow, bindings: Mapping[str, int] | None = None) -> Graph:
        """The parsed network of a model: from the cache, else read again from its bytes."""
        key = self._graph_key(row.sha256, bindings or {})
        latest, graph = self._latest
        if graph is not None and latest == key:
            return graph
        kept = self.cache.get(key)
        if kept is not None:
            with contextlib.suppress(EngineError, zlib.error):
                return loads(zlib.decompress(kept))
        path = self.blobs.path(row.sha256)
        if not path.exists():
            raise EngineError("the file of this model is gone", row.name, try_this="add it again")
        if digest_of(path) != row.sha256:
            raise EngineError(
                "the stored file has changed on the disk", row.name, try_this="add it again"
            )
        graph = engine.read(path, bindings, row.name)
        self.cache.set(key, zlib.compress(dumps(graph), 1))
        return graph

    def runtime_graph(self, row: ModelRow, graph: Graph) -> Graph:
        """What a runtime on this machine makes of a model: from the cache, else made anew.

        Args:
            row: the model.
            graph: as `graph` gave it, whose sizes count.

        Raises:
            EngineError: there is no runtime, or it does not take the model; asked once only.
        """
        sizes = {d.name: d.value for d in graph.dims}
        key = f"runtime/{engine.machine_id()}/{self._graph_key(row.sha256, sizes)}"
        kept = self.cache.get(key)
        if kept is not None:
            text = _unpacked(kept)
            if text[:1] == b"[":
                raise EngineError(*json.loads(text))
            if text:
                with contextlib.suppress(EngineError):
                    return loads(text)
        path = self.blobs.path(row.sha256)
        if not path.exists():
            raise EngineError("the file of this model is gone", row.name, try_this="add it again")
        try:
            found = engine.runtime_graph(path, graph)
        except EngineError as error:
            self.cache.set(key, zlib.compress(json.dumps(error.__reduce__()[1]).encode(), 1))
            raise
        self.cache.set(key, zlib.compress(dumps(found), 1))
        return found

    def trace(self, row: ModelRow) -> Trace:
        """Which lines of source a model's ops come from: from the cache, else read anew.

        A file that was made here says nothing of it; then the model that it was made from does.

        Raises:
            EngineError: its file is gone, or the map of lines in it is none.
        """
        from engine import formats  # which takes long to load

        key = f"trace/{engine.VERSION}/{row.sha256}"
        kept = self.cache.get(key)
        if kept is not None:
            with contextlib.suppress(EngineError):
                return formats.loads_trace(_unpacked(kept))
        path = self.blobs.path(row.sha256)
        if not path.exists():
            raise EngineError("the file of this model is gone", row.name, try_this="add it again")
        found = formats.trace(path, row.name)
        if not found.ops and row.properties.get("made_from"):
            with contextlib.suppress(EngineError):  # that may have been removed
                return self.trace(self.model(row.properties["made_from"]))
        self.cache.set(key, zlib.compress(formats.dumps_trace(found), 1))
        return found

    def groups(self, model_id: str) -> str:
        """How a model's tasks fold, as JSON; "" when nothing was said or there is no such model."""
        query = sa.select(MODEL_GROUPS.c.groups)
        with self._database.reading() as connection:
            if role_in(connection, "model", model_id) is Role.NONE:
                return ""
            found = connection.scalar(query.where(MODEL_GROUPS.c.model_id == model_id))
        return str(found or "")

    def set_groups(self, model_id: str, groups: str) -> None:
        """Say how a model's tasks fold, as JSON that the caller has checked; "" takes it away.

        Raises:
            EngineError: no such model, or a text that cannot be stored.
        """
        text = document(groups, "the groups", MAX_GROUPS)
        with self._database.writing() as connection:
            found = need(connection, "model", model_id, Role.EDITOR)
            connection.execute(sa.delete(MODEL_GROUPS).where(MODEL_GROUPS.c.model_id == found))
            if text:
                connection.execute(
                    sa.insert(MODEL_GROUPS).values(model_id=found, groups=text, updated=now())
                )

    def mark(self, name: str) -> bool:
        """Note that something happened; True the first time."""
        with self._database.writing() as connection:
            done = connection.execute(sa.insert(MARKS).prefix_with("OR IGNORE").values(name=name))
        return bool(done.rowcount)

    def sweep(self, older_than_s: float = 86400.0) -> int:
        """Remove what crashed uploads left behind, and analyses deleted long ago; returns files."""
        with self._database.reading() as connection:
            named = frozenset(
                sha for t in BLOBS for sha in connection.scalars(sa.select(t.c.sha256))
            )
        self.analyses.purge()
        return self.blobs.sweep(named, older_than_s)

    def close(self) -> None:
        """Close database and cache."""
        self._database.close()
        self.cache.close()

    @staticmethod
    def _graph_key(sha256: str, bindings: Mapping[str, int]) -> str:
        bound = json.dumps(sorted(bindings.items()))
        return f"graph/{engine.VERSION}/{sha256}/{bound}"


def _unpacked(kept: bytes) -> bytes:
    """What the cache held, b"" when it is damaged."""
    with contextlib.suppress(zlib.error):
        return zlib.decompress(kept)
    return b""


def project_of(name: str) -> str:
    """The project of a name: the name without its version ("unet_v2" -> "unet")."""
    return re.sub(r"[-_. ]v\d{1,4}\Z", "", name) or name


def _row(found: sa.Row[Any]) -> ModelRow:
    values = found._asdict()
    return ModelRow(
        **{
            **values,
            "created": datetime.fromisoformat(values["created"]),
            "dims": tuple(Dim(*d) for d in json.loads(values["dims"])),
            "properties": json.loads(values["properties"]),
            "notes": tuple(json.loads(values["notes"])),
        }
    )
