"""What may help against a finding, by what caused it: at most two operations, the best first.

A finding on layers says its own cause.  Of a collapsed or ruined model or a harmed class the
cause is looked for in the steps that made the model, and in what stands out in its layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.behaviors import OF_BEHAVIORS, Finding, Remedy
from engine.layers.comparing import Compared
from engine.layers.findings import LITTLE, NORMS

Steps = Sequence[tuple[str, Mapping[str, Any]]]
MOST = 2
SEEN = 0.02  # share of weights that became zero from which a model was pruned
_MORE_BITS = {"4": "8", "8": "16"}
_STORED = ("quantize_static", "quantize_dynamic", "quantize_weights", "quantize_half", "palettize")
_FEW_BITS = ("quantize_weights", "palettize")
_CAUSES = ("ranges", "flattened", "dead")  # on layers, of what is seen in behaviors
_PRUNED = ("prune", "prune_pattern", "prune_channels")
_REFIT = Remedy(
    "repair_layers", {}, "model", "Refit the layers to what they made before",
    "Pruning caused it: the weights that are left can make up for those that are gone.",
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
    whole = finding.kind in OF_BEHAVIORS
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
    if finding.kind not in OF_BEHAVIORS:
        return "No operation here gives this back."
    if not made:
        return "How this model was made is not known here, so nothing is offered."
    if any(not id for id, _ in made):
        return "A step that made this model is none of ours, so nothing is offered."
    return "No operation here is known to undo what these steps did; try gentler values."


def _of_layers(finding: Finding, made: Steps) -> Iterator[Remedy]:
    """The finding's own, and what it takes not to cause it."""
    ids = [id for id, _ in made]
    yield from (r for r in (finding.remedy, finding.second) if r is not None)
    if finding.kind == "small" and _can_skip(made):
        held = finding.figures[-1].value if finding.figures else 0.0
        why = (f"They hold {held:.0%} of the weights, which then stay." if held > LITTLE
               else "They hold so little that leaving them out costs almost no size.")  # fmt: skip
        words = "Make it anew without these layers"
        yield Remedy("", {"skip": finding.where}, "before", words, why)
    if finding.kind == "flattened" and _took_norms(made):
        yield _without_norms()
    if finding.remedy == NORMS and ids and ids[-1] in _PRUNED:
        yield _REFIT


def _of_steps(made: Steps, deep: Sequence[Finding], compared: Compared | None) -> Iterator[Remedy]:
    """What the steps caused, the likeliest cause first."""
    ids = [id for id, _ in made]
    pruned = max((k for k, id in enumerate(ids) if id in _PRUNED), default=-1)
    stored = max((k for k, id in enumerate(ids) if id in _STORED), default=-1)
    if _took_norms(made):
        yield _without_norms()
    if pruned >= 0 and stored < 0 and "repair_layers" not in ids[pruned:]:
        yield from (f.remedy for f in deep if f.kind == "dead" and f.remedy is not None)
        yield _REFIT
    if 0 <= pruned < stored and "repair_layers" not in ids[pruned:]:
        yield replace(_REFIT, start="behind", behind=ids[pruned],
                      words="Refit what pruning left, then the rest again")  # fmt: skip
    yield from (f.remedy for f in deep if f.kind in _CAUSES and f.remedy is not None)
    if ids and ids[-1] in (*_PRUNED, *_FEW_BITS) and _has_batch_norms(compared):
        yield NORMS
    if stored >= 0:
        yield from _of_bits(*made[stored])


def _has_batch_norms(compared: Compared | None) -> bool:
    """Running figures are stored, so they can be measured anew."""
    return compared is not None and any(y.role == "stat" for y in compared.layers)


def _of_bits(id: str, values: Mapping[str, Any]) -> Iterator[Remedy]:
    """The same with what a processor can sum, or in more bits.

    More bits for a few layers only are not offered: of digits in few bits, those that changed most
    are not those that harm most.
    """
    if id == "quantize_static" and not values.get("reduce_range", True):
        yield Remedy(id, {"reduce_range": True}, "before", "Quantize again with 7-bit weights",
                     "Sums of 8-bit products overflow on processors without VNNI.")  # fmt: skip
    bits = values.get("bits")
    more: dict[str, Any] = {}
    if id == "quantize_weights" and str(bits) in _MORE_BITS:
        more = {"bits": _MORE_BITS[str(bits)]}
    if id == "palettize" and bits and int(bits) <= 6:
        more = {"bits": int(bits) + 2}
    if more:
        yield Remedy(id, more, "before", f"More bits: {more['bits']} instead of {bits}",
                     "Few bits caused it; the file grows by what the bits take.")  # fmt: skip


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
