"""Each line of stage F can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.compress.evaluating import Figure
from tests.acceptance import compressing, compressing_more, compressing_text, signs
from tests.acceptance.compressing import Model, Packing, Tree
from tests.acceptance.compressing_more import Found
from tests.acceptance.compressing_text import Text
from tests.acceptance.line import MET, NOT_MET, NOT_RUN
from tests.acceptance.signs import Pair
from tests.acceptance.stage_f import CHECKS
from tests.acceptance.test_stage_a import verdicts


def model(accuracy: float = 0.94, latency: float = 1.0, size: float = 700.0) -> Model:
    return Model(accuracy, accuracy - 0.01, accuracy + 0.01, latency, latency - 0.02,
                 latency + 0.02, size, size, size)  # fmt: skip


TREE = Tree(
    {
        "base": model(), "int8-wide": model(latency=0.5), "int8-signed": model(latency=1.2),
        "prune50": model(0.8), "prune70": model(0.3), "prune50-norms": model(0.9),
        "prune70-norms": model(0.85), "prune70-refit": model(0.93),
        "prune70-refit-palette4": model(0.93, size=90.0), "channels50": model(0.1, 0.4),
        "channels50-refit": model(0.9, 0.4),
    },
    {"w8": Packing(100, 101, True, 2.0, 1.0), "palette4": Packing(100, 100, True, 2.0, 1.02)},
    True,
)  # fmt: skip
TEXT = Text(
    {"base": model(), "int8-wide": model(latency=1.7), "w8": model(0.939), "prune10": model(0.94),
     "prune10-norms": model(0.75), "prune30": model(0.7), "prune30-norms": model(0.74),
     "prune30-refit": model(0.93)},
    False,
)  # fmt: skip
SHIPPED = {"models": [{"id": str(i), "metrics": {"Weights": 1000, "Predicted weights": 1002}}
                      for i in range(50)]}  # fmt: skip


def figure(value: float, off: float = 0.02) -> Figure:
    return Figure("", value, value - off, value + off)


MORE = {
    name: Found({"base": figure(base), "w8": figure(base), "palette4": figure(base),
                 "pruned": figure(pruned), "refitted": figure(refit)},
                Pair(name, "int8", 1.3, 1.3, 1.4, 1.3, 1.5))
    for name, base, pruned, refit in (("orientation", 0.98, 0.5, 0.9), ("pitch", 2.0, 9.0, 4.0))
}  # fmt: skip


def more(name: str, fault: str, value: object) -> dict[str, Found]:
    """The two further models with a fault in one."""
    one = MORE[name]
    if isinstance(value, Pair):
        return {**MORE, name: replace(one, int8=value)}
    return {**MORE, name: replace(one, figures={**one.figures, fault: value})}


PAIRS = (
    *(Pair(m, r, 0.8, 0.8, 0.75, 0.7, 0.8) for m in "abcde" for r in ("int8", "channels")),
    *(Pair(m, "palette4", 1.0, 1.0, 1.01, 0.98, 1.03) for m in "abcde"),
    Pair(signs.VIT, "int8", 1.5, 1.4, 1.4, 1.3, 1.5, ("softmax", "convert"), "softmax"),
    Pair(signs.VIT, "int8 of weighted products", 1.0, 1.0, 1.02, 0.98, 1.05),
    Pair(signs.VIT, "dynamic int8", math.nan, 0.92, 0.9, 0.86, 0.94),
)  # fmt: skip


def pairs(**fault: object) -> tuple[Pair, ...]:
    """The pairs with a fault in the first of them."""
    return (replace(PAIRS[0], **fault), *PAIRS[1:])


def surprised(recipe: str, **fault: object) -> tuple[Pair, ...]:
    """The pairs with a fault in one of the transformer."""
    return tuple(
        replace(p, **fault) if (p.model, p.recipe) == (signs.VIT, recipe) else p for p in PAIRS
    )


NAMED = {n: [f"test_pitfall_{n}"] for n in range(1, 14)}


def with_(**changed: Model) -> Tree:
    return replace(TREE, models={**TREE.models, **{k.replace("_", "-"): v
                                                   for k, v in changed.items()}})  # fmt: skip


def repacked(**fault: object) -> Tree:
    return replace(TREE, packings={**TREE.packings, "w8": replace(TREE.packings["w8"], **fault)})


def read(**changed: Model) -> Text:
    found = {k.replace("_", "-"): v for k, v in changed.items()}
    return replace(TEXT, models={**TEXT.models, **found})


PLANTED: tuple[tuple[str, Callable, object, object], ...] = (
    ("1a", compressing.orderings, TREE, with_(int8_wide=model(latency=0.7))),
    ("1b", compressing.orderings, TREE, with_(int8_signed=model(latency=0.9))),
    ("1c", compressing.orderings, TREE, with_(prune70_refit=model(0.9))),
    ("1d", compressing.orderings, TREE, with_(prune70_refit_palette4=model(0.9, size=90.0))),
    ("1d", compressing.orderings, TREE, with_(prune70_refit_palette4=model(0.94, size=110.0))),
    ("1e", compressing.orderings, TREE, with_(prune50_norms=model(0.7))),
    ("1e", compressing.orderings, TREE, with_(prune70_norms=model(0.31))),
    ("1f", compressing.orderings, TREE, with_(channels50=model(latency=0.95))),
    ("1g", compressing_text.judge, TEXT, read(int8_wide=model(latency=1.2))),
    ("1h", compressing_text.judge, TEXT, read(prune10_norms=model(0.935))),
    ("1i", compressing_text.judge, TEXT, read(prune30_refit=model(0.71))),
    ("1j", compressing_text.judge, TEXT, read(w8=model(0.92))),
    ("1k", compressing_more.judge, MORE, more("orientation", "w8", figure(0.95))),
    ("1l", compressing_more.judge, MORE, more("orientation", "refitted", figure(0.51))),
    ("1m", compressing_more.judge, MORE,
     more("orientation", "", Pair("", "", 0.7, 0.7, 1.4, 1.3, 1.5))),
    ("1n", compressing_more.judge, MORE, more("pitch", "w8", figure(2.2))),
    ("1o", compressing_more.judge, MORE, more("pitch", "pruned", figure(2.01))),
    ("1p", compressing_more.judge, MORE, more("pitch", "", Pair("", "", 1.0, 1.0, 1.4, 1.3, 1.5))),
    ("2a", compressing.packed, TREE, repacked(stored=103.0)),
    ("2a", compressing.packed, TREE, replace(TREE, packings={
        **TREE.packings, "recognizer w8": Packing(100, 104, True, 2.0, 1.0)})),
    ("2b", compressing.packed, TREE, repacked(same=False)),
    ("2c", compressing.packed, TREE, repacked(run=1.2)),
    ("3a", compressing.predicted, SHIPPED, {"models": SHIPPED["models"][:40]}),
    ("3a", compressing.predicted, SHIPPED, {"models": [
        *SHIPPED["models"], {"id": "x", "metrics": {"Weights": 102, "Predicted weights": 100}}]}),
    ("3b", signs.judge, PAIRS, pairs(said=1.2)),
    ("3b", signs.judge, PAIRS, pairs(said=1.0)),
    ("3b", signs.judge, PAIRS, pairs(low=0.7, high=1.1)),
    ("3b", signs.judge, PAIRS, tuple(p for p in PAIRS if p.model != "a")),
    ("3c", signs.judge, PAIRS, pairs(file=1.2)),
    ("3d", signs.judge, PAIRS, surprised("int8", measured=0.9, low=0.85, high=0.95)),
    ("3d", signs.judge, PAIRS, surprised("int8", culprits=("convert",))),
    ("3d", signs.judge, PAIRS, surprised("dynamic int8", measured=1.1, high=1.2)),
    ("4a", compressing.named, NAMED, {**NAMED, 7: ["test_norms"]}),
    ("4a", compressing.named, NAMED, {n: t for n, t in NAMED.items() if n != 13}),
)  # fmt: skip


@pytest.mark.parametrize(("id", "judge", "sound", "fault"), PLANTED)
def test_a_planted_fault_is_not_met(id: str, judge: Callable, sound: object, fault: object):
    assert verdicts(judge(sound))[id] == MET
    assert verdicts(judge(fault))[id] == NOT_MET


def test_speed_of_int8_is_not_judged_without_what_makes_it_fast():
    found = verdicts(compressing.orderings(replace(TREE, vnni=False)))
    assert (found["1a"], found["1b"], found["1c"]) == (NOT_RUN, NOT_RUN, MET)


def test_every_line_has_a_check_and_a_planted_fault():
    of_jobs = {"5"}  # test_jobs.py plants theirs
    assert {id[0] for id, *_ in PLANTED} == {c.id[0] for c in CHECKS} - of_jobs


def test_the_pitfalls_are_there():
    assert verdicts(compressing.named(compressing.pitfalls())) == {"4a": MET}
