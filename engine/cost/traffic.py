"""Where a row's bytes live, and how long moving them takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost.weights import Weights
from engine.cost.work import Floats, Ints, Work
from engine.targets import Memory, Target, Unit


class Traffic(NamedTuple):
    """Bytes of one run by memory level, and their time.

    Args:
        seconds: time of the slowest level; levels move bytes at the same time.
        read, write: bytes.
        level: for each row the index of the memory that holds its activations.
        by_level: [levels, rows] bytes.
        levels: the memories that the unit reaches, from near to far.
    """

    seconds: Floats
    read: Floats
    write: Floats
    level: Ints
    by_level: Floats
    levels: tuple[Memory, ...]


def traffic(target: Target, unit: Unit, work: Work, weights: Weights) -> Traffic:
    """Bytes by level.

    Activations live in the nearest memory that holds what must be held: all that is alive where
    the compiler places them (an arena), what the row itself reads and writes in a cache; else in
    the furthest.  Weights come from their home, unless a nearer memory keeps them: a cache if all
    weights of the unit fit, a pinned memory as large a share as fits.
    seconds = max over levels of bytes / bandwidth.
    """
    levels = target.levels(unit.id)
    reads, writes = work.input_bytes * work.keep_in, work.output_bytes * work.keep_out
    moved = weights.moved + work.other_bytes * work.gathered
    level = activation_level(levels, reads + writes, work.live_bytes)
    by_level = np.zeros((len(levels), len(work)))
    for i, share in enumerate(weight_shares(levels, weights, work)):
        by_level[i] += moved * share + np.where(level == i, reads + writes, 0)
    bandwidth = np.array([m.bandwidth.value for m in levels])[:, None]
    seconds = (by_level / bandwidth).max(axis=0)
    return Traffic(seconds, reads + moved, writes, level, by_level, levels)


def activation_level(levels: tuple[Memory, ...], own: Floats, live: Floats) -> Ints:
    """Index of the memory that holds the activations of each row."""
    places = [i for i, m in enumerate(levels) if m.activations]
    found = np.full(len(own), places[-1])
    for i in reversed(places[:-1]):
        need = live if levels[i].arena else own
        found = np.where(need <= levels[i].bytes, i, found)
    return found


def weight_shares(levels: tuple[Memory, ...], weights: Weights, work: Work) -> tuple[float, ...]:
    """Share of the weight traffic that each level serves; adds up to 1.

    What must fit is each weight of the unit once, in the form in which it is moved.
    """
    whole = weights.moved / np.where(work.gathered > 0, work.gathered, 1)
    held = np.nansum(whole * work.first_share + work.first_other_bytes)
    shares = [0.0] * len(levels)
    left = 1.0
    for i, memory in enumerate(levels):
        if memory.weights == "cache" and held <= memory.bytes:
            shares[i], left = left, 0.0
        elif memory.weights == "pinned" and held > 0:
            shares[i] = min(left, memory.bytes / held)
            left -= shares[i]
        elif memory.weights == "home":
            shares[i], left = left, 0.0
    return tuple(shares)
