"""Activations alive while tasks run, under choices for a part of a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.cost import Floats, Ints, Mask, Work, bits_of
from engine.recipe.choose import Choice
from engine.recipe.convert import Conversions, lifetimes
from engine.recipe.part import Part
from engine.recipe.plan import Plan
from engine.recipe.rows import baseline_live

_SMALL = 20_000  # tensors x tasks that are compared one by one


def alive(
    plan: Plan, made: Part, choice: Choice, found: Conversions, inside: Mask
) -> tuple[Floats, tuple[Work, Ints, Ints]]:
    """Bytes alive at each task of each copy, and rows elsewhere that other memories now serve.

    The second: those rows for each copy, their copies, and the tasks.
    """
    p, k = plan.prepared, made.copies - 1
    tensors, e = made.prepared.kept["tensors"], made.prepared.edges
    keep = np.append(choice.keep_out, 1.0)[e.source]
    size = np.zeros(len(tensors) * made.copies)
    size[e.tensor] = np.nan_to_num(e.elements * bits_of(found.made) / 8) * keep
    by_copy = size.reshape(made.copies, -1)
    more = by_copy - by_copy[-1:]
    now = plan.work.live_bytes[: p.count]
    none = (plan.work.take(np.zeros(0, np.int64)), np.zeros(0, np.int64), np.zeros(0, np.int64))
    if not more.any():
        return np.tile(now[made.rows], (made.copies, 1)), none
    birth, death = (values[tensors] for values in lifetimes(p))
    weight = _weight(plan)
    arenas = [m for m in p.target.memories if m.arena and m.activations and m.capacity]
    if not arenas and len(tensors) * len(made.rows) < _SMALL:
        cover = (birth[:, None] <= made.rows) & (made.rows <= death[:, None])
        return now[made.rows] + weight[made.rows] * (more @ cover), none
    changed = more.any(axis=0)
    low, high = int(birth[changed].min()), int(death[changed].max()) + 1
    step = np.zeros((high - low + 1, made.copies))
    np.add.at(step, birth[changed] - low, more.T[changed])
    np.add.at(step, death[changed] + 1 - low, -more.T[changed])
    alive = now[low:high] + weight[low:high] * np.cumsum(step, axis=0).T[:, :-1]
    live = np.tile(now[made.rows], (made.copies, 1))
    there = (made.rows >= low) & (made.rows < high)
    live[:, there] = alive[:, made.rows[there] - low]
    flips = np.zeros(high - low, bool)
    for memory in arenas:
        fits = alive <= memory.bytes
        flips |= (fits != fits[-1]).any(axis=0)
    at = np.flatnonzero(flips & ~inside[low:high]) + low
    if not len(at):
        return live, none
    far = plan.work.take(np.tile(at, k + 1))
    far = replace(far, live_bytes=alive[:, at - low].reshape(-1))
    return live, (far, np.repeat(np.arange(k + 1), len(at)), at)


def _weight(plan: Plan) -> Floats:
    """Live bytes of a task a byte of the tensors that are alive, in the baseline; [tasks]."""
    p = plan.prepared
    if "alive" not in p.kept:
        e, n = p.edges, p.count
        size = np.zeros(e.count)
        size[e.tensor] = np.nan_to_num(e.elements * bits_of(e.fmt) / 8)
        birth, death = lifetimes(p)
        change = np.zeros(n + 1)
        np.add.at(change, birth, size)
        np.add.at(change, death + 1, -size)
        alive = np.cumsum(change)[:n]
        base = baseline_live(p)
        p.kept["alive"] = np.where(alive > 0, base / np.where(alive > 0, alive, 1), 0.0)
    found: Floats = p.kept["alive"]
    return found
