"""The triage strip: where the time goes, and what its parts select."""

import polars as pl
import pytest

from dashboard.pages.model.triage import triage_strip
from dashboard.queries.model import Summary
from dashboard.queries.triage import triage


def frame(latencies, **columns):
    n = len(latencies)
    usual = {
        "task_id": list(range(n)),
        "name": [f"layer.{i}" for i in range(n)],
        "origin": ["task"] * n,
        "kernel": ["conv" if i % 2 else "gemm" for i in range(n)],
        "bound_by": ["memory" if i else "compute" for i in range(n)],
        "latency_s": latencies,
    }
    return pl.DataFrame({**usual, **columns}, schema_overrides={"latency_s": pl.Float64})


def walk(component):
    """Every component under one, itself included."""
    if isinstance(component, (list, tuple)):
        for child in component:
            yield from walk(child)
    elif hasattr(component, "to_plotly_json"):
        yield component
        yield from walk(getattr(component, "children", None))


def text(component):
    if isinstance(component, (list, tuple)):
        return "".join(map(text, component))
    if hasattr(component, "to_plotly_json"):
        return text(getattr(component, "children", None))
    return "" if component is None else str(component)


def test_the_focus_is_the_fewest_rows_for_four_fifths():
    found = triage(frame([5.0, 1.0, 3.0, 1.0]))
    assert found.focus == (0, 2)
    assert found.focus_share == pytest.approx(0.8)
    assert found.tasks == 4
    assert found.conversions == found.unknown == 0


def test_equal_times_are_taken_in_the_order_of_the_tasks():
    assert triage(frame([1.0] * 10)).focus == tuple(range(8))


def test_shares_are_of_the_known_latency_and_the_largest_come_first():
    found = triage(frame([1.0, 6.0, None, 3.0]))
    assert found.kernels == (("conv", pytest.approx(0.9)), ("gemm", pytest.approx(0.1)))
    assert [name for name, _ in found.bound] == ["memory", "compute"]
    assert found.unknown == 1
    assert [o.task for o in found.offenders] == [1, 3, 0]
    assert found.offenders[0].share == pytest.approx(0.6)


def test_conversions_are_counted_apart():
    found = triage(
        frame([1.0, 2.0, 7.0], origin=["task", "task", "conversion"], name=["a", "b", "x → y"])
    )
    assert (found.tasks, found.conversions, found.focus_conversions) == (2, 1, 1)
    assert found.offenders[0].name == "convert x → y"
    said = text(triage_strip(found, None))
    assert "1 of 2 tasks + 1 conversion make 90 %" in said


def test_nothing_priced_has_no_triage():
    assert triage(frame([None, None])) is None
    assert triage(frame([])) is None
    assert "No optimization yet" in text(triage_strip(None, None))


def test_every_figure_selects_its_tasks_and_every_part_knows_its_rank():
    strip = triage_strip(triage(frame([5.0, 1.0, None, 1.0])), None)
    buttons = [c for c in walk(strip) if type(c).__name__ == "Button"]
    wires = [set(b.to_plotly_json()["props"]) for b in buttons]
    assert all(w & {"data-column", "data-ids", "data-slowest"} for w in wires)
    assert all("data-keep" in w for w in wires)
    assert all("title" in w for w in wires)
    assert "1 not priced" in text(strip)


def test_the_recipe_is_said_with_its_reasons():
    summary = Summary("int8", 12, 2, (("has no weights", 3), ("runs on the CPU", 1)))
    said = text(triage_strip(None, summary))
    assert "12 tasks changed, 2 conversions added, 4 not eligible" in said
    assert "3 × has no weights" in said
