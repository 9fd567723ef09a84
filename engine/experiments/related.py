"""Selections that follow from others: kin, the same operation, and search by words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from engine.errors import EngineError
from engine.experiments.compare import rows_of
from engine.experiments.model import Experiment, Model

Relation = Literal[
    "parents", "children", "siblings", "ancestors", "descendants", "roots", "leaves",
    "operation", "parameters",
]  # fmt: skip
RELATIONS: tuple[Relation, ...] = (
    "parents", "children", "siblings", "ancestors", "descendants", "roots", "leaves",
    "operation", "parameters",
)  # fmt: skip
MAX_QUERY = 500  # characters


def related(experiment: Experiment, ids: Sequence[str], relation: Relation) -> list[int]:
    """Rows that stand in a relation to a selection, without the selection itself.

    "operation": made by the same operation as one of them; "parameters": with the same parameters
    too; "leaves": below them and without children.

    Raises:
        EngineError: an unknown id or relation.
    """
    rows = rows_of(experiment, ids)
    forest = experiment.forest
    found: Iterable[int]
    if relation == "parents":
        found = (forest.parent[r] for r in rows)
    elif relation == "children":
        found = (c for r in rows for c in forest.children[r])
    elif relation == "siblings":
        found = (c for r in rows for c in (
            forest.children[forest.parent[r]] if forest.parent[r] >= 0 else forest.roots
        ))  # fmt: skip
    elif relation == "ancestors":
        found = _above(experiment, rows)
    elif relation in ("descendants", "leaves"):
        below = _below(experiment, rows)
        found = below if relation == "descendants" else [
            r for r in below if not forest.children[r]
        ]  # fmt: skip
    elif relation == "roots":
        found = (forest.root[r] for r in rows)
    elif relation in ("operation", "parameters"):
        whole = relation == "parameters"
        wanted = {_made(experiment.models[r], whole) for r in rows}
        found = (m.row for m in experiment.models if _made(m, whole) in wanted)
    else:
        raise EngineError("no such relation", "selection", f"one of {', '.join(RELATIONS)}",
                          repr(str(relation)[:40]))  # fmt: skip
    own = set(rows)
    return sorted({r for r in found if r >= 0 and r not in own})


def _made(model: Model, whole: bool) -> str:
    if model.operation is None:
        return ""
    return model.operation.words if whole else model.operation.name


def _above(experiment: Experiment, rows: Sequence[int]) -> set[int]:
    seen: set[int] = set()
    for row in rows:
        k = experiment.forest.parent[row]
        while k >= 0 and k not in seen:
            seen.add(k)
            k = experiment.forest.parent[k]
    return seen


def _below(experiment: Experiment, rows: Sequence[int]) -> set[int]:
    seen: set[int] = set()
    waiting = [c for r in rows for c in experiment.forest.children[r]]
    while waiting:
        k = waiting.pop()
        if k not in seen:
            seen.add(k)
            waiting.extend(experiment.forest.children[k])
    return seen


def search(experiment: Experiment, query: str) -> list[int]:
    """Rows whose id, tag, operation, parameters, author, notes or flags hold every word.

    A word is part of a text, in any case; "quoted words" stay together; "" finds nothing.
    """
    words = _words(query[:MAX_QUERY].casefold())
    if not words:
        return []
    texts = map(_text, experiment.models)
    return [row for row, text in enumerate(texts) if all(w in text for w in words)]


def _words(query: str) -> list[str]:
    parts = query.split('"')
    made = [p.strip() for p in parts[1::2]]
    for part in parts[::2]:
        made += part.split()
    return [m for m in made if m]


def _text(m: Model) -> str:
    step = m.operation.words if m.operation else ""
    return "\n".join((m.id, m.tag, step, m.author, m.notes, *m.flags)).casefold()
