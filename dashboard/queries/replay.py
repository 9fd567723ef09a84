"""Replay of an analysis: every checkpoint computed again, and compared with what was kept.

The same recipe on the same model and target gives the same totals with the same engine.  A
checkpoint names all three (`provenance`), so that what differs has a reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import engine
from dashboard.queries.model import ModelQueries
from dashboard.queries.saved_totals import Figures, price, saved_of
from dashboard.urls import View
from engine.errors import EngineError
from engine.numbers import count
from engine.store import CheckpointRow, Store

CLOSE = 1e-9  # relative: JSON keeps every digit, so that more is a difference
SAME, DIFFERS, CANNOT, NOTHING = "same", "differs", "cannot", "nothing kept"


@dataclass(frozen=True, slots=True)
class Made:
    """What totals were made with; "" not kept.

    Args:
        engine: version.
        target: id; digest: sha256 of all that the catalogue said of it.
        sha256: of the model's file.
    """

    engine: str = ""
    target: str = ""
    digest: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A checkpoint that was computed again.

    Args:
        row: the checkpoint.
        verdict: "same", "differs", "cannot" or "nothing kept" to compare with.
        why: what is another, or why it cannot be computed; "" when it is the same.
        said, again: the totals that were kept, and those that come out now; unknown where nothing
            was kept, or nothing comes out.
        with_, with_now: what each was made with.
        worst: largest relative difference of a total, 0.01 is 1 %.
    """

    row: CheckpointRow
    verdict: str
    why: str
    said: Figures
    again: Figures
    with_: Made
    with_now: Made
    worst: float


def target_digest(target_id: str) -> str:
    """The sha256 of all that the catalogue says of a target.

    Raises:
        EngineError: there is no such target.
    """
    plain = json.dumps(_plain(engine.target(target_id)), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def provenance(store: Store, view: View) -> dict[str, Any]:
    """What totals were made with, to be kept with them: target, model and sizes.

    Raises:
        EngineError: no such model or target.
    """
    return {
        "target_digest": target_digest(view.target),
        "model_sha256": store.model(view.model_id).sha256,
        "bindings": dict(view.bindings),
    }


def replay(store: Store, ask: ModelQueries, analysis_id: str) -> tuple[Replayed, ...]:
    """Compute every checkpoint of an analysis again, in the order of saving.

    Raises:
        EngineError: no such analysis.
    """
    row = store.analyses.get(analysis_id)
    held = store.analyses.checkpoints(row.id)
    return tuple(_one(store, ask, row.model_id, row.bindings, c) for c in held)


def _one(
    store: Store, ask: ModelQueries, model_id: str, bindings: Mapping[str, int], row: CheckpointRow
) -> Replayed:
    kept, named = saved_of(row.totals), _named(row.totals)
    digest, sha256 = _text(named, "target_digest"), _text(named, "model_sha256")
    made, sizes = Made(row.engine, kept.target, digest, sha256), named.get("bindings")
    if not row.totals or kept.now == Figures():
        why = "the checkpoint was kept without totals"
        return Replayed(row, NOTHING, why, kept.now, Figures(), made, Made(), 0.0)
    try:
        bound = sizes if isinstance(sizes, dict) else bindings
        recipe = store.analyses.checkpoint_of(row.id).recipe
        sized = tuple(sorted((str(k), int(v)) for k, v in bound.items()))
        view = View(model_id, target=kept.target, fps=kept.fps, bindings=sized, recipe=recipe)
        now = price(ask, view)
        here = provenance(store, view)
    except (EngineError, TypeError, ValueError) as error:
        why = error.sentence if isinstance(error, EngineError) else "its sizes cannot be read"
        return Replayed(row, CANNOT, why, kept.now, Figures(), made, Made(), 0.0)
    with_now = Made(engine.VERSION, kept.target, here["target_digest"], here["model_sha256"])
    worst, what = _worst(kept.now, now.now)
    verdict, why = SAME, ""
    if worst > CLOSE:
        reasons = " and ".join(_reasons(made, with_now)) or "nothing that is named is another"
        verdict, why = DIFFERS, f"{what}: {reasons}"
    return Replayed(row, verdict, why, kept.now, now.now, made, with_now, worst)


def _reasons(then: Made, now: Made) -> list[str]:
    """What is another than when the totals were made."""
    return [
        *([f"the engine was {then.engine}"] if then.engine != now.engine else []),
        *(["the target has changed"] if then.digest not in ("", now.digest) else []),
        *(["the model is another"] if then.sha256 not in ("", now.sha256) else []),
    ]


def _worst(kept: Figures, now: Figures) -> tuple[float, str]:
    """The largest relative difference, and the total that has it."""
    found = (0.0, "")
    for name in Figures.__slots__:
        before, after = getattr(kept, name), getattr(now, name)
        if before is None and after is None:
            continue
        if before is None or after is None:
            return float("inf"), _WORDS[name]
        share = abs(after - before) / max(abs(before), 1e-300)
        found = max(found, (share, _WORDS[name]))
    return found


_WORDS = {"latency_s": "latency", "memory_power_w": "memory power", "energy_j": "energy",
          "size_bytes": "size"}  # fmt: skip


def words(found: tuple[Replayed, ...]) -> str:
    """What a replay found, in sentences."""
    if not found:
        return "There is no checkpoint to replay."
    same = sum(r.verdict == SAME for r in found)
    parts = [f"Replayed {count(len(found), 'checkpoint')} with engine {engine.VERSION}: "
             f"{'all' if same == len(found) else same or 'none'} the same."]  # fmt: skip
    parts += [f"“{r.row.name}” {r.verdict}: {r.why}." for r in found if r.verdict != SAME][:5]
    return " ".join(parts).replace("..", ".")


def brief(found: tuple[Replayed, ...]) -> str:
    """What a replay found, in a few words."""
    same = sum(r.verdict == SAME for r in found)
    return f"{same} of {len(found)} the same, engine {engine.VERSION}"


def _named(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value[:200] if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    """A record as JSON has it, the same in every process: sets are sorted."""
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_plain(one), sort_keys=True) for one in value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
