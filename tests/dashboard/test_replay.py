"""Replay: the checkpoints of an analysis computed again, and what is said of what differs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

import engine
from dashboard.cli import main
from dashboard.pages.model.replayed import section
from dashboard.queries import replay as room
from dashboard.queries.replay import Made, replay, target_digest, words
from engine.store.tables import CHECKPOINTS
from tests.acting import by
from tests.dashboard.test_sharing import text
from tests.dashboard.test_together import Page


@pytest.fixture
def page(services, add):
    made = Page(services, "ana", by("ana", add))
    made.send("create", "fp16", name="plan")
    made.send("checkpoint", "int8", name="first")
    made.send("checkpoint", "int4w", name="second")
    return made


def replayed(services, page):
    return by("ana", replay, services.store, services.model, page.draft["analysis"])


def changed(services, **values):
    with services.store._database.writing() as connection:
        connection.execute(sa.update(CHECKPOINTS).where(CHECKPOINTS.c.name == "second")
                           .values(**values))  # fmt: skip


def totals(services, **changes):
    with services.store._database.reading() as connection:
        query = sa.select(CHECKPOINTS.c.totals).where(CHECKPOINTS.c.name == "second")
        return json.dumps({**json.loads(connection.scalar(query)), **changes})


def test_a_replay_gives_the_same_totals_and_names_what_they_were_made_with(services, page):
    found = replayed(services, page)
    assert [(r.row.name, r.verdict, r.worst) for r in found] == [
        ("first", "same", 0.0), ("second", "same", 0.0),
    ]  # fmt: skip
    model = by("ana", services.store.model, page.view.model_id)
    for one in found:
        assert one.row.engine == engine.VERSION
        digest = target_digest("phone-npu")
        assert one.with_ == Made(engine.VERSION, "phone-npu", digest, model.sha256) == one.with_now
    assert words(found).endswith("all the same.")


def test_totals_that_moved_are_seen_with_the_reason(services, page):
    now = json.loads(totals(services))["now"]
    moved = {**now, "latency_s": now["latency_s"] * 1.01}
    changed(services, totals=totals(services, now=moved, target_digest="old"), engine="0.0.1")
    one = replayed(services, page)[1]
    assert one.verdict == "differs"
    assert one.worst == pytest.approx(0.01 / 1.01)
    assert one.why == "latency: the engine was 0.0.1 and the target has changed"
    assert "1 the same" in words(replayed(services, page))
    drawn = text(section(replayed(services, page), "plan"))
    assert "1 of 2 the same, engine" in drawn
    assert "second differs latency: the engine was 0.0.1" in drawn
    assert "engine 0.0.1, phone-npu old, model" in drawn
    assert drawn.count("recomputed") == 2


def test_what_cannot_be_computed_says_why(services, page):
    changed(services, totals=totals(services, target="gone"))
    one = replayed(services, page)[1]
    assert one.verdict == "cannot"
    assert "gone" in one.why
    drawn = text(section((one,), "plan"))
    assert "second cannot be computed" in drawn
    assert "recomputed" not in drawn


@pytest.mark.parametrize("text", ["", "{", "[]", '{"now": 3}'])
def test_totals_that_do_not_read_are_nothing_to_compare_with(services, page, text):
    changed(services, totals=text)
    assert replayed(services, page)[1].verdict == "nothing kept"


def test_a_target_has_the_same_digest_until_it_changes(monkeypatch):
    first, target = target_digest("phone-npu"), engine.target("phone-npu")
    assert first == target_digest("phone-npu") != target_digest("edge-tpu")
    monkeypatch.setattr(room.engine, "target", lambda _id: replace(target, partition="prefix"))
    assert target_digest("phone-npu") != first


def test_the_page_and_the_command_line_replay(services, page, settings, capsys):
    done = page.send("replay")
    assert "Replayed 2 checkpoints" in done.said
    assert [r.row.name for r in done.replayed] == ["first", "second"]
    command = ["replay", page.draft["analysis"], "--data", str(settings.data), "--user", "ana"]
    assert main(command) == 0
    assert "same          first  engine" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert [c["verdict"] for c in json.loads(capsys.readouterr().out)["checkpoints"]] == [
        "same"
    ] * 2
    assert main(command[:-2]) == 2
    assert "no such analysis" in capsys.readouterr().err
