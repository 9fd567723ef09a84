"""What may help against a finding, by what caused it: at most two operations, the best first.

A finding on layers says its own cause.  Of a collapsed model or a harmed class the cause is looked
for in the steps that made the model, and in what stands out in its layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.behaviors import Finding, Remedy
from engine.layers.comparing import Compared

Steps = Sequence[tuple[str, Mapping[str, Any]]]
MOST = 2
SEEN = 0.02  # share of weights that became zero from which a model was pruned
MIXED = 0.25  # share of the layers that get more bits: those that changed most
_STORED = ("quantize_static", "quantize_dynamic", "quantize_weights", "quantize_half", "palettize")
_CAUSES = ("ranges", "flattened", "dead")  # on layers, of what is seen in behaviors
_PRUNED = ("prune", "prune_pattern", "prune_channels")
_REFIT = Remedy(
    "repair_layers", {}, "model", "Refit the layers to what they made before",
    "Pruning caused it: the weights that are left can make up for those that are gone.",
)  # fmt: skip
_NORMS = Remedy(
    "repair_norms", {}, "model", "Measure the norms anew",
    "Norms that fit what they read now undo what compression shifted; nothing else changes.",
)  # fmt: skip


def remedies(
    finding: Finding, made: Steps = (), deep: Sequence[Finding] = (),
    compared: Compared | None = None,
) -> tuple[Remedy, ...]:  # fmt: skip
    """What may help.

    Args:
        finding: of a model, on its layers or its behaviors.
        made: (operation, its values) since the base, in order; ("", {}) a step that is none of
            ours; () where nothing is known of it.
        deep: what stands out in its layers.
        compared: its weights beside the base's.

    Returns:
        At most `MOST`, the best first.
    """
    whole = finding.kind in ("collapsed", "harmed")
    some = _of_steps(made, deep, compared) if whole else _of_layers(finding, made)
    found: list[Remedy] = []
    for one in some:
        if all((one.operation, one.values) != (f.operation, f.values) for f in found):
            found.append(one)
    return tuple(found[:MOST])


def steps_seen(compared: Compared) -> Steps:
    """The steps that two files alone tell of: weights that are zero now were pruned."""
    gone = {y.name: y.sums.zeros - y.sums.both_zeros for y in compared.layers}
    weights = [y for y in compared.layers if y.role == "weight"]
    if sum(gone[y.name] for y in weights) < SEEN * sum(y.size for y in weights):
        return ()
    norms = any(gone[y.name] > 0 for y in compared.layers if y.role == "norm")
    return (("prune", {"include_norms": norms}),)


def no_remedy(finding: Finding, made: Steps) -> str:
    """Why nothing is offered against a finding, in a sentence."""
    if finding.kind not in ("collapsed", "harmed"):
        return "No operation here gives this back."
    if not made:
        return "How this model was made is not known here, so nothing is offered."
    if any(not id for id, _ in made):
        return "A step that made this model is none of ours, so nothing is offered."
    return "No operation here is known to undo what these steps did; try gentler values."


def _of_layers(finding: Finding, made: Steps) -> Iterator[Remedy]:
    """The finding's own, and what it takes not to cause it."""
    if finding.remedy is not None:
        yield finding.remedy
    if finding.kind == "small" and _can_skip(made):
        yield Remedy("", {"skip": finding.where}, "before", "Make it anew without these layers",
                     "They hold so little that leaving them out costs almost no size.")  # fmt: skip
    if finding.kind == "flattened" and _took_norms(made):
        yield _without_norms()
    if finding.kind == "flattened" and finding.remedy == _NORMS:
        yield _REFIT


def _of_steps(made: Steps, deep: Sequence[Finding], compared: Compared | None) -> Iterator[Remedy]:
    """What the steps caused, the likeliest cause first."""
    ids = [id for id, _ in made]
    pruned = max((k for k, id in enumerate(ids) if id in _PRUNED), default=-1)
    stored = max((k for k, id in enumerate(ids) if id in _STORED), default=-1)
    if _took_norms(made):
        yield _without_norms()
    if pruned >= 0 and stored < 0 and "repair_layers" not in ids[pruned:]:
        yield _REFIT
    if 0 <= pruned < stored and "repair_layers" not in ids[pruned:]:
        yield replace(_REFIT, start="behind", behind=ids[pruned],
                      words="Refit what pruning left, then the rest again")  # fmt: skip
    yield from (f.remedy for f in deep if f.kind in _CAUSES and f.remedy is not None)
    last = len(ids) - 1
    if last in (pruned, stored) and last >= 0 and _has_batch_norms(compared):
        yield _NORMS
    if stored >= 0:
        yield from _of_bits(*made[stored], compared)


def _has_batch_norms(compared: Compared | None) -> bool:
    """Running figures are stored, so they can be measured anew."""
    return compared is not None and any(y.role == "stat" for y in compared.layers)


def _of_bits(id: str, values: Mapping[str, Any], compared: Compared | None) -> Iterator[Remedy]:
    """The same in more bits, or for the layers that changed most where those are known."""
    if id == "quantize_static" and not values.get("reduce_range", True):
        yield Remedy(id, {"reduce_range": True}, "before", "Quantize again with 7-bit weights",
                     "Sums of 8-bit products overflow on processors without VNNI.")  # fmt: skip
    more = _more(id, values)
    if more is None:
        return
    changed = _most_changed(compared)
    if changed:
        yield Remedy(id, {"skip": changed}, "before", f"More bits for {_layers(len(changed))}",
                     f"Few bits caused it, and {changed[0]} changed most; the rest stays as small.",
                     ((id, {**more, "only": changed}),))  # fmt: skip
    yield Remedy(id, more, "before", f"More bits for all layers: {next(iter(more.values()))}",
                 "Few bits caused it; the file grows by what the bits take.")  # fmt: skip


def _more(id: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameter of an operation with more bits; None where it has none."""
    bits = values.get("bits")
    if id == "quantize_weights":
        return {"4": {"bits": "8"}, "8": {"bits": "16"}}.get(str(bits))
    return {"bits": int(bits) + 2} if id == "palettize" and bits and int(bits) <= 6 else None


def _most_changed(compared: Compared | None) -> tuple[str, ...]:
    """The weights that changed most, against their size; () where it is not known."""
    if compared is None:
        return ()
    weights = [y for y in compared.layers if y.role == "weight" and y.sums.relative > 0]
    weights.sort(key=lambda y: (-y.sums.relative, y.name))
    return tuple(y.name for y in weights[: max(1, round(MIXED * len(weights)))])


def _without_norms() -> Remedy:
    return Remedy(
        "prune", {"include_norms": False}, "before", "Prune again without norms, then refit",
        "Pruning took scales and shifts along: few weights, on which every channel depends.",
        (("repair_layers", {}),),
    )  # fmt: skip


def _took_norms(made: Steps) -> bool:
    return any(id == "prune" and v.get("include_norms") for id, v in made)


def _can_skip(made: Steps) -> bool:
    return any("skip" in v for _, v in made)


def _layers(count: int) -> str:
    return "the layer that changed most" if count == 1 else f"the {count} layers that changed most"
