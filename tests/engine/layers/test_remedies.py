"""Remedies follow the cause: the steps that made a model, and what stands out in its layers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import engine
from engine import layers as ly
from engine.behaviors import Finding, Remedy

HARMED = Finding("harmed", ("8",), (), "")
NORMED = SimpleNamespace(layers=[SimpleNamespace(role="stat")])
BARE = SimpleNamespace(layers=[SimpleNamespace(role="weight")])
DEAD = Finding("dead", ("w",), (), "", Remedy("restore", {"only": ("w",)}, "model", "Restore w"))
MEETING = Finding("ranges", ("s",), (), "", Remedy("quantize_static", {"between": "no"}, "before",
                                                   "Keep sums in floats"))  # fmt: skip
PRUNE, INT8 = ("prune", {"amount": 0.7}), ("quantize_static", {"reduce_range": True})
WIDE, W4 = ("quantize_static", {"reduce_range": False}), ("quantize_weights", {"bits": "4"})


def short(found: tuple[Remedy, ...]) -> list[tuple[str, str]]:
    return [(r.start, " ".join([r.operation, *(id for id, _ in r.then)])) for r in found]


@pytest.mark.parametrize(
    ("made", "deep", "compared", "wanted"),
    [
        ([PRUNE], (), NORMED, [("model", "repair_layers"), ("model", "repair_norms")]),
        ([PRUNE], (), BARE, [("model", "repair_layers")]),
        ([PRUNE], (DEAD,), NORMED, [("model", "restore"), ("model", "repair_layers")]),
        ([("prune", {"include_norms": True})], (), NORMED,
         [("before", "prune repair_layers"), ("model", "repair_layers")]),
        ([PRUNE, INT8], (), BARE, [("behind", "repair_layers")]),
        ([PRUNE, ("repair_layers", {})], (), NORMED, []),
        ([W4], (), NORMED, [("model", "repair_norms"), ("before", "quantize_weights")]),
        ([W4], (), BARE, [("before", "quantize_weights")]),
        ([("palettize", {"bits": 2})], (), NORMED,
         [("model", "repair_norms"), ("before", "palettize")]),
        ([WIDE], (), BARE, [("before", "quantize_static")]),
        ([INT8], (MEETING,), BARE, [("before", "quantize_static")]),
        ([INT8], (), BARE, []),
        ([("quantize_half", {})], (), NORMED, []),
        ([("", {})], (), None, []),
        ([], (), None, []),
    ],
)  # fmt: skip
def test_a_harmed_class_is_traced_to_a_step(made, deep, compared, wanted):
    found = ly.remedies(HARMED, made, deep, compared)
    assert short(found) == wanted
    assert all(r.why or r in (DEAD.remedy, MEETING.remedy) for r in found)
    for remedy in found:  # each can be run as it is
        engine.operation(remedy.operation).filled(remedy.values)
        assert all(engine.operation(id).filled(v) is not None for id, v in remedy.then)
    if not wanted:
        assert ly.no_remedy(HARMED, made).endswith(".")


def test_what_is_not_known_is_said():
    assert "not known" in ly.no_remedy(HARMED, ())
    assert "none of ours" in ly.no_remedy(HARMED, [("", {})])
    assert "gentler" in ly.no_remedy(HARMED, [("quantize_half", {})])
    assert "No operation here" in ly.no_remedy(DEAD, [])


def test_a_finding_on_layers_keeps_its_own_remedy_first():
    small = Finding("small", ("w",), (), "", Remedy("restore", {}, "model", "Restore"))
    assert short(ly.remedies(small)) == [("model", "restore")]
    made = [("prune", {"amount": 0.5, "skip": ()})]
    assert short(ly.remedies(small, made)) == [("model", "restore"), ("before", "")]
    flat = Finding("flattened", ("n",), (), "", Remedy("restore", {}, "model", "Restore"))
    assert short(ly.remedies(flat, [("prune", {"include_norms": True})]))[1] == (
        "before", "prune repair_layers",
    )  # fmt: skip
