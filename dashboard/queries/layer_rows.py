"""The rows of the page Layers: what is unfolded, or in order; figures in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.components import count, percent, significant
from dashboard.queries.layers import Side
from dashboard.urls_layers import LayersView
from engine import layers
from engine.compress import ROLES
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.layers import Module, Sums

ROWS = 50  # at once
SHORT = {"relative": "Rel. change", "sqnr_db": "SQNR, dB", "cosine": "Cosine",
         "flips": "Sign flips", "change": "Mean change", "sparsity": "Zeros"}  # fmt: skip
USUAL = {"sparsity": "sparsity", "weights": "relative", "activations": "sqnr_db"}
FEW = {1: ("relative", "sqnr_db", "cosine", "flips", "change", "sparsity"),
       2: ("relative", "sqnr_db", "cosine")}  # fmt: skip
SHARES = frozenset({"sparsity", "flips", "relative"})


@dataclass(frozen=True, slots=True)
class Line:
    """A row.

    Args:
        id: number of the module in the tree; module: what is known of it.
        text: the whole name of a root or in an ordered list, else what follows the parent's.
        depth: from 0; below: it holds others; opened: and they are shown.
    """

    id: int
    module: Module
    text: str
    depth: int
    below: bool
    opened: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """What the table shows.

    Args:
        lines: of this page; count: of all pages; page: from 0.
        flat: ordered, so that the tree is left.
        keys: figures beside the bars of a model.
        sentence: what order this is.
        fault: why the pattern cannot be read; "" it can.
    """

    lines: tuple[Line, ...]
    count: int
    page: int
    flat: bool
    keys: tuple[str, ...]
    sentence: str
    fault: str


def key_of(view: LayersView) -> str:
    """The figure that stands beside the bars and decides the order."""
    return view.key if view.key in layers.KEYS else USUAL[view.show]


def keys_of(view: LayersView, others: int) -> tuple[str, ...]:
    """The figures of each model: all of few models, one of many."""
    own = key_of(view)
    if view.show == "sparsity":
        return ("sparsity",) if own == "sparsity" else ("sparsity", own)
    few = FEW.get(others, ())
    return few if own in few else (own, *few[:-1]) if few else (own,)


def rows(
    modules: Mapping[str, Module], found: Experiment, view: LayersView, ready: Sequence[Side]
) -> Rows:
    """The rows of a view.

    Args:
        modules: of `LayerQueries.tree`.
        found: the experiment, for the names of its models.
        view: of `complete`.
        ready: the models of the tree, the base first.
    """
    keys = keys_of(view, len(view.models))
    at = next((k for k, side in enumerate(ready) if side.row == view.by), None)
    key, fault, pattern = key_of(view), "", view.search
    up = view.up != (key in layers.WORSE_LOW)  # "down" leads with the most change
    order = "up" if up else "down"
    try:
        told = layers.shown(modules, pattern, at, key, order, whole=True)
    except EngineError as error:
        fault = error.sentence
        told = layers.shown(modules, "", at, key, order, whole=True)
    number = {name: k for k, name in enumerate(modules)}
    if at is None:
        opened = set(view.opened)
        if len(told.rows) == 1 and told.rows[0].name in told.below:  # one root says nothing
            opened ^= {number[told.rows[0].name]}
        lines = list(_unfolded(told.rows, told.below, modules, number, opened))
        sentence = "In the order of the model"
    else:
        lines = [Line(number[m.name], m, m.name, 0, False, False) for m in told.rows]
        whose = found.models[ready[at].row].label
        most = f"{'least' if view.up else 'most'} {'zeros' if key == 'sparsity' else 'changed'}"
        name = layers.KEYS[key].split(",")[0]
        sentence = f"{name}, {whose}: {most} first. The tree is flat while rows are ordered"
    page = min(view.page, max(0, (len(lines) - 1) // ROWS))
    part = tuple(lines[page * ROWS : (page + 1) * ROWS])
    return Rows(part, len(lines), page, at is not None, keys, sentence, fault)


def _unfolded(
    top: Sequence[Module], below: Mapping[str, Sequence[str]], modules: Mapping[str, Module],
    number: Mapping[str, int], opened: set[int],
) -> list[Line]:  # fmt: skip
    """Rows as they are unfolded, without recursion: a chain of modules may be long."""
    lines: list[Line] = []
    waiting = [(module, 0) for module in reversed(top)]
    while waiting:
        module, depth = waiting.pop()
        children, id = below.get(module.name, ()), number[module.name]
        text = module.name
        if depth and text.startswith(f"{module.parent}."):
            text = text[len(module.parent) + 1 :]
        lines.append(Line(id, module, text, depth, bool(children), id in opened))
        if id in opened:
            waiting += [(modules[n], depth + 1) for n in reversed(children)]
    return lines


def about(module: Module) -> str:
    """How many numbers, in how many tensors, of what kind."""
    what = ROLES.get(module.role, module.role or "numbers")
    if not module.leaf:
        return f"{count(module.size, 'number')} in {count(module.tensors, 'tensor')}"
    return f"{module.size:,} {what if module.role != 'activation' else 'activations a sample'}"


def figure(module: Module, side: int, key: str) -> tuple[str, str]:
    """(a figure in words, why there is none).

    Args:
        module: a row.
        side: 0 the base.
        key: of `engine.layers.KEYS`.
    """
    sums = module.sums[side]
    if sums is None:
        return "–", "This model has no such tensor"
    value = layers.figure(module, side, key)
    if math.isnan(value):
        why = "every number of it is NaN or infinite" if not sums.sound else (
            "one of both is all zeros, which has no direction")  # fmt: skip
        return "NaN", f"Not a number: {why}"
    if math.isinf(value):
        if key == "sqnr_db":
            return ("same", "Nothing changed") if value > 0 else ("−∞", "The base is all zeros")
        return "∞", "The base is all zeros"
    if key == "sparsity" and side:
        return (f"{value:+.1%}".replace("-", "−").replace("%", " %"), "") if value else ("same", "")
    if key in SHARES:
        return percent(value), ""
    if key == "cosine":
        return f"{value:.4f}".replace("-", "−"), ""
    text = f"{value:.1f}" if key == "sqnr_db" else significant(value)
    return text.replace("-", "−"), ""


def faults(sums: Sums | None) -> str:
    """Numbers that are NaN or infinite; "" none."""
    return f"{sums.bad:,} NaN or ∞" if sums is not None and sums.bad else ""


def quantiles(sums: Sums | None) -> list[str]:
    """Values below which 1, 25, 50, 75 and 99 % of the numbers lie."""
    if sums is None or not sums.sound:
        return ["–"] * len(QUANTILES)
    return [significant(sums.quantile(q)) for q in QUANTILES.values()]


QUANTILES = {"1 %": 0.01, "25 %": 0.25, "50 %": 0.5, "75 %": 0.75, "99 %": 0.99}


def unmatched(found: Experiment, ready: Sequence[Side]) -> list[tuple[str, list[str]]]:
    """(model, sentences on tensors that have no counterpart) of each model with such."""
    told = []
    for side in ready[1:]:
        if side.compared is None:
            continue
        ours, theirs = set(side.compared.only_base), set(side.compared.only_model)
        lines = [f"{n}: another shape" for n in sorted(ours & theirs)]
        lines += [f"{n}: only in the base" for n in side.compared.only_base if n not in theirs]
        lines += [f"{n}: only in this model" for n in side.compared.only_model if n not in ours]
        lines += side.compared.notes
        if lines:
            told.append((found.models[side.row].label, lines))
    return told
