"""Each line of stage B can fail: a planted fault turns it NOT MET.  And each runs, in small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import engine
from tests import large
from tests.acceptance import drawing, interactions, peers, sizes
from tests.acceptance.drawing import Drawn, Motion
from tests.acceptance.interactions import Answers, Event
from tests.acceptance.line import MET, NOT_MET, NOT_RUN, NotRun
from tests.acceptance.look import Looked
from tests.acceptance.peers import Peer
from tests.acceptance.sizes import Chain, Scrolled, Upload
from tests.acceptance.stage_b import (
    CHECKS,
    PLACES,
    answers_at_once,
    draws_all,
    looked_at,
    no_blanks,
    usable_soon,
)
from tests.acceptance.test_stage_a import apart, needs_chromium, verdicts
from tests.browser.look import Finding

FAST, SLOW = (20.0,) * 30, (*(20.0,) * 27, 300.0, 300.0, 300.0)
EVENTS = tuple(Event(what, where, FAST, FAST) for what, all_ in PLACES.items() for where in all_)
ANSWERS = Answers(5006, 1498, (0.1, 0.2), EVENTS, ())


def with_event(what: str, **changed: object) -> Answers:
    """The answers, with the first event of a kind changed."""
    first = next(e for e in EVENTS if e.what == what)
    rest = tuple(e for e in EVENTS if e is not first)
    return replace(ANSWERS, events=(*rest, replace(first, **changed)))


PEERS = (Peer("Netron", 9.0), Peer("Model Explorer", None))
SMOOTH, ROUGH = Motion(58.0, 0.97, 40.0), Motion(44.0, 0.97, 90.0)
DRAWN = tuple(
    Drawn(n, 0.8, 3.0, 2.0, SMOOTH, SMOOTH, 9, (1, 2), 400.0, (90.0,), PEERS) for n in drawing.SIZES
)
SCROLLED = Scrolled(50_006, 900, 40, 60.0, (1,) * 12)
INK = ((0.04, 900), (0.1, 900), (0.5, 4000), (1.0, 900), (2.0, 900))
CHAIN = Chain(3000, INK, INK)
UPLOADS = (Upload("x.onnx", 9.0, 2.0, 2.2), Upload("x.onnx.gz", 0.5, 2.0, 2.2))
FINDING = Finding("models", "1280x720", "light", "empty", "font", "div", "11 px")


def with_size(**changed: object) -> tuple[Drawn, ...]:
    return (*DRAWN[:2], replace(DRAWN[2], **changed))


PLANTED: tuple[tuple[str, Callable, object, object], ...] = (
    *((id, answers_at_once, ANSWERS, with_event(what, total=SLOW))
      for id, what in (("1a", "hover"), ("1b", "click"), ("1c", "select"), ("1d", "filter"),
                       ("1e", "switch"), ("1f", "recolour"))),
    *((id, answers_at_once, ANSWERS, with_event(what, script=SLOW))
      for id, what in (("1a", "hover"), ("1b", "click"), ("1c", "select"), ("1d", "filter"))),
    ("1a", answers_at_once, ANSWERS, with_event("hover", fault="no such dock")),
    ("1b", answers_at_once, ANSWERS, with_event("click", script=FAST[:9], total=FAST[:9])),
    ("1c", answers_at_once, ANSWERS, with_event("select", where="elsewhere")),
    ("1d", answers_at_once, ANSWERS, replace(ANSWERS, many=700)),
    ("1e", answers_at_once, ANSWERS, replace(ANSWERS, tasks=1000)),
    ("1f", answers_at_once, ANSWERS, replace(ANSWERS, errors=("console: boom",))),
    ("2a", usable_soon, UPLOADS, (replace(UPLOADS[0], clicked_s=3.1), UPLOADS[1])),
    ("2b", usable_soon, UPLOADS, (UPLOADS[0], replace(UPLOADS[1], clicked_s=3.1))),
    ("3a", draws_all, DRAWN, with_size(stored_s=1.6)),
    ("3a", draws_all, DRAWN, DRAWN[:2]),
    ("3b", draws_all, DRAWN, with_size(pan=ROUGH)),
    ("3b", draws_all, DRAWN, with_size(pan=replace(SMOOTH, moved=0.2))),
    ("3c", draws_all, DRAWN, with_size(zoom=ROUGH)),
    ("3d", draws_all, DRAWN, with_size(open_ms=640.0)),
    ("3e", draws_all, DRAWN, with_size(expand_ms=(90.0, 240.0))),
    ("3e", draws_all, DRAWN, with_size(expand_ms=())),
    ("3f", draws_all, DRAWN, with_size(raw_s=9.5)),
    ("3f", draws_all, DRAWN, with_size(peers=None)),
    ("5a", no_blanks, (SCROLLED, CHAIN), (replace(SCROLLED, settled=(1,) * 11 + (5,)), CHAIN)),
    ("5a", no_blanks, (SCROLLED, CHAIN), (replace(SCROLLED, rows=5000), CHAIN)),
    ("5b", no_blanks, (SCROLLED, CHAIN), (SCROLLED, replace(CHAIN, blocks=((0.04, 0), *INK[1:])))),
    ("5b", no_blanks, (SCROLLED, CHAIN), (SCROLLED, replace(CHAIN, all_tasks=INK[2:]))),
    ("5b", no_blanks, (SCROLLED, CHAIN), (SCROLLED, replace(CHAIN, fault="all: TimeoutError"))),
    ("6", looked_at, Looked((), 112), Looked((FINDING,), 112)),
    ("6", looked_at, Looked((), 112), Looked((), 12)),
)  # fmt: skip


@pytest.mark.parametrize(("id", "judge", "sound", "fault"), PLANTED)
def test_a_planted_fault_is_not_met(id: str, judge: Callable, sound: object, fault: object):
    assert verdicts(judge(sound))[id] == MET
    assert verdicts(judge(fault))[id] == NOT_MET


def test_every_line_of_the_issue_has_a_check_and_a_planted_fault():
    assert [c.id for c in CHECKS] == list("123456")
    assert {id[0] for id, *_ in PLANTED} | {"4"} == set("123456")  # 4: test_blocks.py


def test_without_the_peers_only_the_comparison_is_not_run(monkeypatch: pytest.MonkeyPatch):
    alone = tuple(replace(d, peers=None) for d in DRAWN)
    seen = verdicts(draws_all(alone))
    assert seen.pop("3f") == NOT_RUN
    assert set(seen.values()) == {MET}
    monkeypatch.setattr(peers, "PEERS", {"Nobody": "no_such_module"})
    with pytest.raises(NotRun):
        peers.installed()


@pytest.mark.parametrize("build", [large.branched, large.chain])
def test_large_models_have_the_tasks_that_are_asked_for(build: Callable):
    graph = engine.read_trusted(build(1000), name="large")
    tasks = engine.compile_model(graph, engine.target("phone-npu")).tasks.height
    assert 1000 <= tasks <= 1020


def test_long_names_are_long():
    graph = engine.read_trusted(large.branched(40, long=True), name="long")
    assert {len(op.name) for op in graph.ops} == {large.LONG}


# Live, in Chromium, in small: that each measurement measures.  Most of them only in the soak:
# `make accept STAGE=B` runs the measurements themselves.


@needs_chromium
@pytest.mark.browser
@pytest.mark.soak
def test_rows_are_watched():
    seen = apart(sizes.table, 500, turns=3)
    assert seen.rows >= 500
    assert seen.frames > 20
    assert len(seen.settled) == 3


@needs_chromium
@pytest.mark.browser
@pytest.mark.soak
def test_a_drawing_is_timed(tmp_path: Path):
    (seen,) = apart(drawing.measure, (300,), beside=False)
    assert seen.fault == ""
    assert 0 < seen.upload_s < seen.raw_s < 60
    assert 0 < seen.stored_s < 30
    assert seen.pan.moved > 0
    assert seen.zoom.moved > 0
    assert seen.heap > 0
    assert seen.payload[1] > 0
    assert seen.peers is None


@needs_chromium
@pytest.mark.browser
@pytest.mark.soak
def test_events_are_timed():
    views = ("all tasks", "scatter")
    seen = apart(interactions.measure, times=2, tasks=200, many=60, views=views)
    assert [e for e in seen.events if e.fault] == []
    found = {(e.what, e.where) for e in seen.events}
    assert found <= {(what, where) for what, places in PLACES.items() for where in places}
    assert {what for what, _ in found} == set(PLACES)
    assert seen.errors == ()


def test_gaps_are_runs_of_frames():
    assert list(sizes._stays([0.0, 16.0, 32.0, 48.0], [0, 2, 2, 0])) == [32.0]
    assert list(sizes._stays([0.0, 16.0], [0, 3])) == [0.0]
