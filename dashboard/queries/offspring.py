"""Files, data and unfinished models of an experiment: what an operation on a model starts from."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import engine
from engine import experiments
from engine.compress import called
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import (
    ChildRow,
    ExperimentRow,
    FileRow,
    ModelRow,
    Principal,
    Role,
    Store,
    act_as,
    clean_name,
)

UPLOAD_BYTES = 12_000_000  # of a file that comes in one request


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model of an experiment can be made from.

    Args:
        sha256: of the file to start from; path: [operation, values] from there to the model.
        root: sha256 of the file that all came from; "" unknown.
        missing: a sentence on why there is nothing to start from; "" when there is.
        fit, data: samples to measure on and to judge by; None: none.
    """

    sha256: str = ""
    path: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    root: str = ""
    missing: str = ""
    fit: FileRow | None = None
    data: FileRow | None = None

    def args(self) -> dict[str, Any]:
        """As arguments of a unit."""
        return {
            "sha256": self.sha256, "path": [list(step) for step in self.path], "root": self.root,
            "fit": self.fit.sha256 if self.fit else "",
            "data": self.data.sha256 if self.data else "",
        }  # fmt: skip


def grown(found: Experiment, children: tuple[ChildRow, ...]) -> Experiment:
    """The experiment with the models that jobs made and make."""
    return experiments.with_entries(found, [c.entry for c in children]) if children else found


def unfinished(found: Experiment, children: tuple[ChildRow, ...]) -> dict[str, list[Any]]:
    """Row -> state, share 0..1 and words of the models that are not made yet."""
    return {
        str(found.rows[c.model]): [c.state, round(c.share, 2), c.words]
        for c in children
        if c.state != "done" and c.model in found.rows
    }


def origin(store: Store, row: ExperimentRow, found: Experiment, model: str) -> Origin:
    """What a model can be made from: its own file, or one above it and the steps from there.

    Raises:
        EngineError: there is no such model.
    """
    if model not in found.rows:
        raise EngineError("there is no such model in this experiment")
    files = files_of(store, row, found)
    own = {f.model: f for f in files if f.role == "model"}
    held = {f.role: f for f in files if f.role != "model"}
    at, path, missing = found.rows[model], [], ""
    root = found.models[found.forest.root[at]].id
    while found.models[at].id not in own:
        one = found.models[at]
        step = called(one.operation.name) if one.operation else None
        above = found.forest.parent[at]
        if step is None or above < 0 or one.operation is None:
            missing = _missing(found, at, step is None and one.operation is not None)
            break
        try:
            path.append((step.id, step.filled(one.operation.parameters)))
        except EngineError as error:
            missing = f"The step to {one.label} cannot be repeated: {error.sentence}"
            break
        at = above
    if missing:
        return Origin(missing=missing, fit=held.get("fit"), data=held.get("data"))
    start = own[found.models[at].id].sha256
    top = own[root].sha256 if root in own else ""
    return Origin(start, tuple(reversed(path)), top, "", held.get("fit"), held.get("data"))


def own_file(store: Store, row: ExperimentRow, model: str) -> Path:
    """Where the file of a model is.

    Raises:
        EngineError: it has none of its own.
    """
    for file in store.offspring.files(row.id):
        if (file.role, file.model) == ("model", model):
            path = store.blobs.path(file.sha256)
            if path.exists():
                return path
    raise EngineError("this model has no file of its own here", found=repr(model[:80]))


def file_address(store: Store, row: ExperimentRow, model: str) -> str:
    """Where a browser gets the file of a model; "" where it has none of its own for them."""
    held = any(f.role == "model" and f.model == model for f in store.offspring.files(row.id))
    held = held and store.sharing.reads_files("experiment", row.id)
    return f"/api/experiments/{row.id}/models/{quote(model)}/file" if held else ""


def opened(store: Store, row: ExperimentRow, found: Experiment, model: str) -> ModelRow:
    """A model of an experiment as a model of the list; the same bytes are the same model.

    Raises:
        EngineError: it has no file of its own here.
        Refused: files of the experiment are not theirs to take along.
    """
    store.sharing.check("experiment", row.id, Role.FORKER, files=True)
    path = own_file(store, row, model)
    name = clean_name(f"{row.name} · {found.models[found.rows[model]].label}")
    graph = engine.read(path, None, name)
    return store.add(path, graph, name=name, project=row.name, origin="compressed")[0]


def _missing(found: Experiment, at: int, foreign: bool) -> str:
    one = found.models[at]
    why = f"“{one.operation.name}” is no step of ours, and " if foreign and one.operation else ""
    whose = f"the ONNX file of {one.label} is not here"
    sentence = f"{why}{whose}: attach it, or that of a model above it."
    return sentence[0].upper() + sentence[1:]


def files_of(store: Store, row: ExperimentRow, found: Experiment) -> tuple[FileRow, ...]:
    """The files of an experiment; those of the demo are put there when first asked for."""
    files = store.offspring.files(row.id)
    if files or row.origin != "demo" or not found.forest.roots:
        return files
    from dashboard.demo import MODELS
    from dashboard.demo.digits_data import fit_arrays, judged_arrays

    root = found.models[found.forest.roots[0]].id
    parts = (
        ("model", root, gzip.decompress(MODELS[0].path.read_bytes()), MODELS[0].name),
        ("fit", "", _npz(fit_arrays()), "192 digits that the network was trained on"),
        ("data", "", _npz(judged_arrays()), "600 labelled digits"),
    )
    with act_as(Principal(row.owner)):  # whoever asks first
        for role, model, body, words in parts:
            store.offspring.keep_file(row.id, FileRow(role, model, kept(store, body), words))
    return store.offspring.files(row.id)


def _npz(arrays: Mapping[str, Any]) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def kept(store: Store, body: bytes) -> str:
    """Keep bytes as a blob; returns their sha256."""
    with store.blobs.incoming() as path:
        path.write_bytes(body)
        return store.blobs.keep(path)


def sent(contents: object, name: str) -> bytes:
    """The bytes of a data URL.

    Raises:
        EngineError: it is none, or too large.
    """
    text = contents if isinstance(contents, str) else ""
    try:
        data = base64.b64decode(text.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise EngineError("the file did not arrive whole", name[:80]) from error
    if not data:
        raise EngineError("the file did not arrive whole", name[:80])
    if len(data) > UPLOAD_BYTES:
        raise EngineError(
            "the file is too large for this page", name[:80],
            expected=f"at most {UPLOAD_BYTES / 1e6:.0f} MB", found=f"{len(data) / 1e6:.0f} MB",
            try_this="fewer samples; the command line; for a model, the list of models",
        )  # fmt: skip
    return data


def attach_model(store: Store, row: ExperimentRow, model: str, sha256: str, words: str) -> None:
    """Say which file of the store a model's is."""
    store.offspring.keep_file(row.id, FileRow("model", model, sha256, words))


def attach_data(
    store: Store, row: ExperimentRow, found: Experiment, model: str, name: str, body: bytes
) -> FileRow:
    """Keep samples for an experiment, checked against the file that a model starts from.

    Raises:
        EngineError: they do not fit, or there is no file to check them against.
    """
    start = origin(store, row, found, model)
    if start.missing:
        raise EngineError(
            "samples are checked against a model's file, and there is none yet", name[:80],
            try_this="attaching the ONNX file first",
        )  # fmt: skip
    against = store.blobs.path(start.root or start.sha256)
    with store.blobs.incoming() as path:
        path.write_bytes(body)
        samples = engine.read_samples(against, path)
        digest = store.blobs.keep(path)
    right = "labelled " if samples.labels is not None else ""
    words = f"{samples.count:,} {right}samples of {name[:60]}"
    role = "data" if samples.labels is not None or samples.targets is not None else "fit"
    file = FileRow(role, "", digest, words)
    store.offspring.keep_file(row.id, file)
    return file
