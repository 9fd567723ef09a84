"""Layers of a model beside those of its base: weights at once, activations in lock step."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats import Network
from engine.layers.counting import Tally, sums_over
from engine.layers.lockstep import MOST_BATCH, LockStep
from engine.layers.sums import Floats, Sums, edges_of
from engine.layers.tensors import (
    matching,
    module_of,
    same_outputs,
    tensors,
    weight_outputs,
)

# Numbers of a tensor that are looked at in as many samples as a batch holds at most; SQNR moves by
# < 0.1 dB.
SAMPLED = 4096
TOGETHER = 64  # samples whose numbers are added up at once: numpy takes a while to begin
AHEAD = 4  # runs of which only what is taken is kept
PIECE = 16  # tensors that a thread adds up at once
_Parts = list[tuple[NDArray[Any], NDArray[Any]]]  # of model, of base
Report = Callable[[int, int], None]  # (done, of): may raise to stop


@dataclass(frozen=True, slots=True)
class Layer:
    """A tensor of a model beside the base's.

    Args:
        name: of the tensor; module: dotted; role: "weight", "norm", … or "activation".
        size: numbers in it (of one sample, for an activation).
        sums: with bars over its own range; overall: with bars over that of all weights, or of all
            activations.
        sampled: share of the numbers that were looked at.
    """

    name: str
    module: str
    role: str
    size: int
    sums: Sums
    overall: Sums
    sampled: float = 1.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Layers of one model beside its base.

    Args:
        layers: in the order of the base; only_base, only_model: names without a counterpart.
        notes: what could not be read.
    """

    layers: tuple[Layer, ...]
    only_base: tuple[str, ...]
    only_model: tuple[str, ...]
    notes: tuple[str, ...] = ()


def compare_weights(base: bytes, model: bytes) -> Compared:
    """Weights of a model beside those of its base; tensor by tensor, never all at once.

    Args:
        base: bytes of an ONNX file; the same bytes as `model` give the base beside itself.
        model: bytes of an ONNX file.

    Raises:
        EngineError: a file cannot be read, or no tensor of one is in the other.
    """
    (ours, unread_ours), (theirs, unread) = tensors(base), tensors(model)
    both, only_base, only_model = matching(ours, theirs)
    if not both:
        raise EngineError("no stored tensor has the same name and shape in both models", "layers",
                          try_this="compare models that were made from one another")  # fmt: skip
    # running statistics are far larger than weights, and would leave those in one bar
    wide = [n for n in ours if ours[n].role in ("weight", "embed")] or both
    whole = _range(ours[n].values() for n in wide)
    found = []
    for name in both:
        b, x = ours[name].values(), theirs[name].values()
        found.append(Layer(name, module_of(ours[name]), ours[name].role, ours[name].count,
                           *_lean(sums_over(x, b, edges_of(b), whole))))  # fmt: skip
    notes = tuple(
        f"{n} is stored in a form that is not read." for n in (*unread_ours, *unread)
    )  # fmt: skip
    return Compared(tuple(found), tuple(only_base), tuple(only_model), notes)


def compare_activations(
    base: bytes, model: bytes, inputs: Mapping[str, NDArray[Any]],
    wanted: Sequence[str] = (), report: Report | None = None,
) -> Compared:  # fmt: skip
    """What layers of a model make of samples, beside its base, batch by batch.

    Both run in lock step, and of each batch only some numbers are kept.

    Args:
        base: bytes of an ONNX file.
        model: bytes of an ONNX file.
        inputs: name -> [samples, …].
        wanted: tensors of the base; () takes what nodes with weights make.
        report: hears of each batch, and may raise to stop.

    Raises:
        EngineError: a model does not run, or no tensor of one is in the other.
    """
    ours, theirs = Network(base), Network(model)
    pairs = same_outputs(ours, theirs)
    asked = tuple(wanted) or weight_outputs(ours, pairs)
    both = [n for n in asked if n in pairs]
    if not both:
        raise EngineError("no tensor between nodes has the same name in both models", "layers",
                          try_this="compare models that were made from one another")  # fmt: skip
    # the base gives all of it, so that the bars do not hang on what the model has
    steps = LockStep(ours, theirs, base == model, {n: pairs[n] for n in both}, inputs, asked)
    whole = _range(steps.first.values())
    tallies = {n: Tally((edges_of(steps.first[n]), whole)) for n in both}
    taken: dict[str, _Parts] = {n: [] for n in both}
    seen: Counter[str] = Counter()
    waiting, added, last = list[Future[None]](), 0, steps.count - steps.spare
    with ThreadPoolExecutor(2) as pool:  # adding up as well, so that no thread is without work
        for done, made in steps.runs(pool, partial(_taken, batch=steps.batch), AHEAD):
            for name, (b, x) in made.items():
                if b.numbers is not None and x.numbers is not None and b.shape == x.shape:
                    taken[name].append((x.numbers, b.numbers))
                    seen[name] += math.prod(b.shape)
            if done - added >= TOGETHER or done == last:
                added = done
                _finish(waiting)  # a tally is added to by one thread at a time
                parts = [(tallies[n], t) for n, t in taken.items() if t]
                waiting = [pool.submit(_add, parts[k : k + PIECE])
                           for k in range(0, len(parts), PIECE)]  # fmt: skip
                taken = {n: [] for n in both}
            if report:
                report(done, last)
        _finish(waiting)
    modules = ours.modules()
    found = [
        _layer(n, modules.get(n, ""), steps.first[n], tallies[n].sums(), tallies[n].count / seen[n])
        for n in both
        if seen[n]
    ]
    left = [n for n in asked if not seen[n]]
    notes = (
        (f"{steps.spare} samples that fill no batch of {steps.batch} were left out.",)
        if steps.spare
        else ()
    )
    return Compared(tuple(found), tuple(left), (), notes)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Of a tensor: its shape, and the numbers that are looked at; None of what is no float."""

    shape: tuple[int, ...]
    numbers: NDArray[Any] | None


def _taken(made: NDArray[Any], samples: int, batch: int) -> _Taken:
    """What is looked at of a tensor: a copy, because a view would keep all of it.

    Args:
        made: of so many samples.
        samples: how many.
        batch: samples of a batch; each is looked at alike, and a rest as densely as it has room.
    """
    if made.dtype.kind != "f" or not made.size:
        return _Taken(made.shape, None)
    flat = made.reshape(-1)
    whole, rest = divmod(made.size * batch, samples)
    each = made.size if rest else min(whole, made.size)
    end = made.size // each * each
    parts = [flat[:end].reshape(-1, each)[:, :: _step(each, batch)].ravel()]
    if end < made.size:
        parts.append(flat[end:][:: _step(made.size - end, batch)])
    return _Taken(made.shape, np.concatenate(parts))


@lru_cache(4096)
def _step(size: int, batch: int) -> int:
    """From one number that is looked at to the next.

    It shares no divisor with the tensor's size, so that it does not stay in one column or channel.
    """
    step = max(1, size * MOST_BATCH // (SAMPLED * batch))
    while math.gcd(step, size) > 1:
        step += 1
    return step


def _add(parts: Sequence[tuple[Tally, _Parts]]) -> None:
    """Add what was taken of some batches to what is known of tensors."""
    for tally, taken in parts:
        x, b = (np.concatenate(side) for side in zip(*taken, strict=True))
        tally.add(x, b)


def _finish(waiting: Sequence[Future[None]]) -> None:
    for future in waiting:
        future.result()


def _layer(
    name: str, module: str, first: NDArray[Any], sums: tuple[Sums, ...], sampled: float
) -> Layer:  # fmt: skip
    module = module or ".".join(p for p in name.replace("/", ".").split(".")[:-1] if p) or name
    each = first.size // max(1, first.shape[0] if first.ndim else 1)
    return Layer(name, module, "activation", each, *_lean(sums), sampled=min(1.0, sampled))


def _lean(sums: tuple[Sums, ...]) -> tuple[Sums, Sums]:
    """(with bars over its own range, over that of all) as they are kept, what both count once."""
    own, overall = (one.lean() for one in sums)
    return own, replace(overall, bins=own.bins, bits=own.bits)


def _range(arrays: Any) -> Floats:
    """Bars over the range of many arrays."""
    low, high = np.inf, -np.inf
    for array in arrays:
        sound = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        if sound.size:
            low, high = min(low, float(sound.min())), max(high, float(sound.max()))
    return edges_of(np.array([low, high]))
