"""The dock of the composition: what it divides by, which metrics can be areas."""

from dashboard.ids import Model
from dashboard.pages.model import composition
from dashboard.urls import PARTS, View
from engine.metrics import BY_ID


def found(component, id):
    """The component of an id."""
    if isinstance(component, (list, tuple)):
        return next((f for c in component if (f := found(c, id)) is not None), None)
    if getattr(component, "id", None) == id:
        return component
    inner = getattr(component, "children", None)
    return None if inner is None or isinstance(inner, str) else found(inner, id)


def test_it_divides_by_what_an_address_may_say():
    assert tuple(composition.BY) == PARTS
    controls = composition.controls(View(by="unit"))
    pressed = {p: getattr(found(controls, f"{Model.BY}-{p}"), "aria-pressed") for p in PARTS}
    assert pressed == {p: str(p == "unit").lower() for p in PARTS}


def test_areas_are_metrics_that_add_up():
    ids = [m["value"] for m in found(composition.controls(View()), Model.AREA).data]
    assert "latency_s" in ids
    assert "live_bytes" not in ids
    assert {BY_ID[i].aggregate for i in ids} == {"sum"}
