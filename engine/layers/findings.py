"""Guard rails on layers: what compression did to them that it should not, and what may help.

Weights alone tell of over-pruned small layers, channels without a weight, scales of norms that
are gone, and, in a quantized file, ranges that differ at a sum.  Samples tell which channels fell
silent and whether norms still spread what they read.  All is held against the base: what it had
already is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviors import Finding, Remedy, amount
from engine.compress import layers as roles
from engine.compress import run, unpack
from engine.errors import EngineError
from engine.formats import Network, attribute
from engine.layers.channels import Channels, axis_of, chains, channels
from engine.layers.comparing import Layer, compare_weights
from engine.layers.ranges import narrow_sums
from engine.layers.tensors import tensors

Inputs = Mapping[str, NDArray[Any]]
SMALL = 0.02  # share of the model's weights up to which a layer is small
LITTLE = 0.1  # share of the model's weights up to which little is saved
PRUNED = 0.5  # share of a small layer's weights that pruning took
HURT = 0.25  # of what they weighed: ‖Δw‖ / ‖w‖
SILENT = 0.1  # share of a layer's channels that fell silent
FLAT = 0.5  # spread behind a norm, as a share of the base's, in the middle channel
GONE = 0.1  # gain of a norm's channel, as a share of the base's
LOST = 0.05  # share of a norm's channels whose gain is gone
NAMED = 3  # layers that a sentence names
NORMS = Remedy(
    "repair_norms", {}, "model", "Measure the norms anew",
    "Norms that fit what they read now undo what compression shifted; nothing else changes.",
)  # fmt: skip


def findings(base: bytes, model: bytes, inputs: Inputs | None = None) -> tuple[Finding, ...]:
    """What stands out in the layers of a model beside its base.

    Args:
        base: bytes of an ONNX file.
        model: bytes of an ONNX file that was made from it; may be packed.
        inputs: name -> [samples, …]; None looks at weights alone.

    Raises:
        EngineError: a file cannot be read or does not run, or they have nothing in common.
    """
    base, model = unpack(base), unpack(model)
    if base == model:
        return ()
    ours, theirs = Network(base), Network(model)
    compared = compare_weights(base, model).layers
    silent, flat = _from_weights(base, model), _gains(ours, theirs)
    cut, bare = _cut(model, silent), frozenset(silent)
    chain = _chains(ours)
    flat_now: dict[str, float] = {}
    if inputs is not None:
        now, flat_now = _from_samples(base, model, ours, theirs, chain, inputs)
        silent |= {n: v for n, v in now.items()
                   if v > silent.get(n, 0) and not flat.keys() & chain[n].beside}  # fmt: skip
    fixable = {n for n in theirs.weights if theirs.dtype(n) in ("float32", "float16")}
    changed = {n for n in fixable & set(ours.weights) if _differs(ours, theirs, n)}
    blamed = {n: changed.intersection((n, *chain[n].beside)) for n in silent}
    found = (
        _small(compared, fixable), _silent(silent, blamed, cut, bare), _lost_scales(flat, fixable),
        _flattened({k: v for k, v in flat_now.items() if k not in flat}), narrow_sums(theirs),
    )  # fmt: skip
    return tuple(f for f in found if f)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A weight's output, the last tensor of the chain behind it, what the chain reads besides."""

    output: str
    end: str
    beside: tuple[str, ...]


def _chains(network: Network) -> dict[str, _Chain]:
    """Weight -> its chain."""
    weight = {y.output: y.tensor for y in roles(network) if y.role == "weight"}
    return {weight[s]: _Chain(s, *told) for s, told in chains(network, tuple(weight)).items()}


def _differs(ours: Network, theirs: Network, name: str) -> bool:
    same = ours.shape(name) == theirs.shape(name)
    return same and not np.array_equal(ours.array(name), theirs.array(name))


def _small(compared: Sequence[Layer], fixable: set[str]) -> Finding | None:
    """Small layers from which pruning took much: they hurt more than they save."""
    weights = [y for y in compared if y.role == "weight"]
    total, whole = sum(y.size for y in weights), {y.name: y for y in weights}
    taken = {
        y.name: (y.sums.zeros - y.sums.both_zeros) / max(1, y.sums.sound - y.sums.base_zeros)
        for y in weights
        if y.size <= SMALL * total and y.sums.relative >= HURT
    }
    taken = {n: share for n, share in taken.items() if share >= PRUNED}
    if not taken:
        return None
    names = sorted(taken, key=lambda n: -whole[n].sums.relative)
    held = sum(whole[n].size for n in names) / total
    they = "It holds" if len(names) == 1 else "Together they hold"
    saved = ", so little is saved there" if held <= LITTLE else ""
    worst = whole[names[0]]
    return Finding(
        "small", tuple(names),
        (amount("Weights that pruning took", taken[names[0]], "share"),
         amount("Change against the size of its weights", worst.sums.relative, "share"),
         amount("Weights of the model in these layers", held, "share")),
        f"{_count(names, 'small layer')} lost most of {'its' if len(names) == 1 else 'their'} "
        f"weights: {_named(names, lambda n: f'{taken[n]:.0%} of {whole[n].size:,}')}. "
        f"{they} {held:.1%} of the model's weights{saved}.",
        _back(names, fixable, "weight"), taken,
    )  # fmt: skip


def _from_weights(base: bytes, model: bytes) -> dict[str, float]:
    """Weight -> share of its output channels that have no weight left, and had some before."""
    axes = {y.tensor: y.out_axis for y in roles(Network(base)) if y.role == "weight"}
    (ours, _), (theirs, _) = tensors(base), tensors(model)
    found = {}
    for name, axis in axes.items():
        if axis is None or name not in ours or name not in theirs:
            continue
        if ours[name].shape != theirs[name].shape:
            continue
        before, after = (
            np.moveaxis(side[name].values(), axis, 0)
            .reshape(ours[name].shape[axis], -1)
            .any(axis=1)
            for side in (ours, theirs)
        )
        if before.any():
            found[name] = float((before & ~after).sum() / before.sum())
    return {n: share for n, share in found.items() if share >= SILENT}


def _from_samples(
    base: bytes,
    model: bytes,
    ours: Network,
    theirs: Network,
    chain: Mapping[str, _Chain],
    inputs: Inputs,
) -> tuple[dict[str, float], dict[str, float]]:
    """(weight -> share of channels that fell silent, scale of a norm -> spread behind it)."""
    norms = {n.output[0]: n.input[1] for n in theirs.nodes if _is_norm(n, theirs)}
    asked = {t: axis_of(ours, t) for t in (*(c.end for c in chain.values()), *norms)}
    seen = channels(base, model, {t: a for t, a in asked.items() if a is not None}, inputs)
    silent = {n: _fell_silent(seen[c.end]) for n, c in chain.items() if c.end in seen}
    flat = {norms[t]: _spread(seen[t]) for t in norms if t in seen}
    return ({n: v for n, v in silent.items() if v >= SILENT},
            {n: v for n, v in flat.items() if v < FLAT})  # fmt: skip


def _is_norm(node: Any, network: Network) -> bool:
    """A batch norm with figures that can be measured anew."""
    known = set(network.weights)
    return node.op_type == "BatchNormalization" and known.issuperset(node.input[1:5])


def _fell_silent(seen: Channels) -> float:
    """Share of channels that say the same of everything, of those that did not in the base."""
    alive = seen.base > 1e-3 * max(float(seen.base.max(initial=0)), 1e-30)
    gone = alive & (seen.model <= 1e-6 * seen.base)
    return float(gone.sum() / alive.sum()) if alive.any() else 0.0


def _spread(seen: Channels) -> float:
    """Spread of the middle channel, as a share of the base's."""
    alive = seen.base > 1e-3 * max(float(seen.base.max(initial=0)), 1e-30)
    return float(np.median(seen.model[alive] / seen.base[alive])) if alive.any() else 1.0


def _cut(model: bytes, silent: Mapping[str, float]) -> Remedy | None:
    """Cut channels without a weight out, and nothing else; None where none can be.

    The share that all the layers can spare is cut, as no layer may lose a channel that speaks.
    """
    if not silent or max(silent.values()) >= 1:
        return None
    values = {"amount": min(silent.values()), "only": tuple(sorted(silent))}
    try:
        run(model, "prune_channels", values)
    except EngineError:
        return None
    return Remedy("prune_channels", values, "model", "Cut the silent channels out, then refit",
                  "They have no weights, so the model becomes smaller and loses nothing more.",
                  (("repair_layers", {}),))  # fmt: skip


def _silent(
    silent: Mapping[str, float],
    blamed: Mapping[str, set[str]],
    cut: Remedy | None,
    bare: frozenset[str],
) -> Finding | None:
    """Silent channels; what changed in their layers and the norms behind can be given back.

    Where they have no weights (`bare`) the model was pruned, so that a refit helps besides.
    """
    if not silent:
        return None
    names = sorted(silent, key=lambda n: -silent[n])
    tensors = sorted(set().union(*blamed.values()))
    values = {"role": "all", "only": tuple(tensors)}
    words = f"Restore {_count(tensors, 'tensor')}{', then refit' if bare else ''}"
    why = "What a silent channel told cannot be made up for by others, so it is given back."
    then: tuple[tuple[str, Mapping[str, Any]], ...] = (("repair_layers", {}),) if bare else ()
    remedy = Remedy("restore", values, "model", words, why, then)
    return Finding(
        "dead", tuple(names),
        (amount("Channels that fell silent", silent[names[0]], "share"),),
        f"Channels fell silent in {_count(names, 'layer')}: "
        f"{_named(names, lambda n: f'{silent[n]:.0%}')}. They say the same of every sample, so "
        "what the base told by them is lost.",
        remedy if all(blamed.values()) else _anew(names), dict(silent), cut,
    )  # fmt: skip


def _gains(ours: Network, theirs: Network) -> dict[str, float]:
    """Scale of a norm -> share of its channels whose gain is gone."""
    before, after = _gain(ours), _gain(theirs)
    found = {}
    for name in before.keys() & after.keys():
        b, x = before[name], after[name]
        alive = b > 1e-3 * max(float(b.max(initial=0)), 1e-30)
        if b.shape == x.shape and alive.any():
            found[name] = float((x[alive] < GONE * b[alive]).mean())
    return {n: share for n, share in found.items() if share >= LOST}


def _gain(network: Network) -> dict[str, NDArray[np.float64]]:
    """Scale of a norm -> what each channel is multiplied by."""
    known, found = set(network.weights), {}
    for node in network.nodes:
        if not node.op_type.endswith("Normalization") or len(node.input) < 2:
            continue
        if node.input[1] not in known or network.dtype(node.input[1]) not in ("float32", "float16"):
            continue
        gain = np.abs(network.array(node.input[1]).astype(np.float64))
        if _is_norm(node, network):
            variance = network.array(node.input[4]).astype(np.float64)
            gain = gain / np.sqrt(np.maximum(variance, 0) + attribute(node, "epsilon", 1e-5))
        found[node.input[1]] = gain
    return found


def _lost_scales(flat: Mapping[str, float], fixable: set[str]) -> Finding | None:
    if not flat:
        return None
    names = sorted(flat, key=lambda n: -flat[n])
    return Finding(
        "flattened", tuple(names),
        (amount("Channels of the norm whose gain is gone", flat[names[0]], "share"),),
        f"{_count(names, 'norm')} {'lets' if len(names) == 1 else 'let'} little through: "
        f"{_named(names, lambda n: f'{flat[n]:.0%} of its channels')} have less than a tenth of "
        "the gain that they had.",
        _back(names, fixable, "norm"), dict(flat),
    )  # fmt: skip


def _flattened(flat: Mapping[str, float]) -> Finding | None:
    if not flat:
        return None
    names = sorted(flat, key=lambda n: flat[n])
    return Finding(
        "flattened", tuple(names),
        (amount("Spread behind the norm, against the base's", flat[names[0]], "share"),),
        f"{_count(names, 'batch norm')} {'reads' if len(names) == 1 else 'read'} smaller values "
        f"than {'it was' if len(names) == 1 else 'they were'} measured on, and "
        f"{'flattens' if len(names) == 1 else 'flatten'} them: the spread behind is "
        f"{_named(names, lambda n: f'{flat[n]:.0%}')} of the base's.",
        NORMS, dict(flat),
    )  # fmt: skip


def _back(names: Sequence[str], fixable: set[str], role: str) -> Remedy:
    """Give tensors their values back; where they are stored otherwise, leave their layers out."""
    if all(n in fixable for n in names):
        return Remedy("restore", {"role": role, "only": tuple(names)}, "model",
                      f"Restore {_count(names, 'tensor')}",
                      "The base's values are at hand; they are few, and much depends on them.",
                      )  # fmt: skip
    return _anew(names)


def _anew(names: Sequence[str]) -> Remedy:
    return Remedy("", {"skip": tuple(names)}, "before", "Make it anew without these layers",
                  "In this file they are stored otherwise, so nothing can be given back to them.",
                  )  # fmt: skip


def _count(names: Sequence[str], word: str) -> str:
    return f"{len(names)} {word}{'' if len(names) == 1 else 's'}"


def _named(names: Sequence[str], tell: Any) -> str:
    told = ", ".join(f"{n} ({tell(n)})" for n in names[:NAMED])
    return told + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
