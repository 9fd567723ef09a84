"""Line 4 of stage B can fail: planted faults turn it NOT MET.  And it runs, on what is here."""

from __future__ import annotations

from dataclasses import replace

import pytest

import engine
from engine.insight import Group
from tests.acceptance import blocks
from tests.acceptance.blocks import Blocks, judge
from tests.acceptance.line import MET, NOT_MET, NOT_RUN

KEPT = Blocks("llama_24l", True, 315, ("layers × 24",), 24, 24, (), 0.02)
NAMES = [*blocks.SCOPED, *blocks.PLAIN]
SEEN = (KEPT, *(replace(KEPT, model=n.rstrip("."), kept=False) for n in NAMES))


def verdicts(seen: tuple[Blocks, ...]) -> dict[str, str]:
    return {line.id: line.verdict for line in judge(seen)}


@pytest.mark.parametrize(
    ("id", "at", "fault"),
    [
        ("4a", 0, {"found": 23, "missing": ("tasks 1–13",)}),
        ("4b", 1, {"found": 23, "missing": ("tasks 1–13",)}),
        ("4b", 6, {"expected": 0, "found": 0}),
        ("4c", 3, {"seconds": 0.31}),
    ],
)
def test_a_planted_fault_is_not_met(id: str, at: int, fault: dict):
    assert set(verdicts(SEEN).values()) == {MET}
    bad = (*SEEN[:at], replace(SEEN[at], **fault), *SEEN[at + 1 :])
    assert verdicts(bad)[id] == NOT_MET


def test_a_model_that_is_not_here_is_not_run():
    assert verdicts(SEEN[:-1])["4b"] == NOT_RUN
    assert verdicts(())["4a"] == NOT_RUN


def test_known_layers_are_found_without_names():
    seen = blocks.measure(("densenet121", "resnet50", "inception_v1", "squeezenet"))
    assert {b.model: b.found for b in seen} == {
        "light_densenet121": 58,
        "light_resnet50": 16,
        "light_inception_v1": 9,
        "light_squeezenet": 8,
    }
    assert [b for b in seen if b.missing] == []
    (densenet,) = (b for b in seen if "dense" in b.model)
    assert densenet.levels[0] == "stage × 3, block × 16"


def test_a_finder_that_sees_nothing_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "groups", lambda *_: (Group("a", "a", (0, 1), "", "run", ""),))
    (record,) = blocks.measure(("squeezenet",))
    assert record.found == 0
    assert verdicts((record,))["4b"] != MET
    assert judge((record,))[1].verdict == NOT_MET
