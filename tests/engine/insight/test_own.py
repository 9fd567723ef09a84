"""A person's groups: what is read, what is refused in a sentence, what a pattern takes."""

from __future__ import annotations

import json
import time

import pytest

import engine
from engine.errors import EngineError
from engine.insight import read_own
from engine.insight.own import MOST_BYTES
from tests.engine.insight.invented import compilation

SCOPES = [f"model/layers/{i // 2}/{'attn' if i % 2 else 'mlp'}" for i in range(8)] + [
    "head",
    "head",
]
MADE = compilation(["gemm"] * 10, [(i - 1, i) for i in range(10)], SCOPES)


def test_a_sound_file_is_read():
    assert read_own('{"a": "x.*", "a/b": "y"}') == {"a": "x.*", "a/b": "y"}
    assert read_own("{}") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ('{"a": ', "not JSON, see line 1"),
        ("[1]", "no object"),
        ('{"a": 3}', "not a text"),
        ('{"a": ""}', "not a text"),
        ('{"a": "x", "a": "y"}', "two groups"),
        ('{"a#b": "x"}', "name cannot be used"),
        ('{"": "x"}', "name cannot be used"),
        ('{"a//b": "x"}', "name cannot be used"),
        ('{"a\\nb": "x"}', "name cannot be used"),
        (json.dumps({"/".join("abcdefghi"): "x"}), "too deep"),
        (json.dumps({"a": "x" * 301}), "too long"),
        (json.dumps({str(i): "x" for i in range(1001)}), "too many"),
        ("[" * 100_000, "too deep"),
        ('{"a": ' + "9" * 5000 + "}", "number"),
        (" " * (MOST_BYTES + 1), "1 MB"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(text: str, says: str):
    with pytest.raises(EngineError) as refused:
        read_own(text)
    assert says in refused.value.sentence
    assert refused.value.sentence.count("\n") == 0


def test_patterns_take_names_and_paths_with_either_mark():
    for pattern in ("model.layers.1", "model/layers/1", "model.layers.1*", "*layers/1"):
        groups = engine.groups(MADE, {"mine": pattern})
        mine = next(g for g in groups if g.kind == "own")
        assert (mine.label, mine.tasks) == ("mine", (2, 3))


def test_labels_nest_and_the_deepest_wins():
    groups = engine.groups(MADE, {"body": "model.*", "body/attention": "*.attn"})
    own = {g.label: g for g in groups if g.kind == "own"}
    assert own["attention"].tasks == (1, 3, 5, 7)
    assert own["attention"].parent == own["body"].id
    assert set(own["body"].tasks) == set(range(8))
    assert any(g.kind == "scope" and g.label == "head" for g in groups)  # names for the rest


def test_nothing_that_fits_changes_nothing():
    assert engine.groups(MADE, {"none": "nowhere*"}) == engine.groups(MADE)


def test_many_patterns_on_many_names_end():
    n = 6_000
    made = compilation(["a"] * n, [], names=["a" * 200 + str(i) for i in range(n)])
    start = time.process_time()
    with pytest.raises(EngineError, match="too many patterns"):
        engine.groups(made, {f"g{i}": "*a*a*a*a*b" for i in range(999)} | {"z": "*" * 300})
    engine.groups(made, {f"g{i}": "*a*a*a*b" for i in range(2)})
    assert time.process_time() - start < 60
