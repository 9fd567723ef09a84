"""The page of targets, and the badge that says what kind of number a latency is."""

from __future__ import annotations

from types import MappingProxyType

import pytest

import engine
from dashboard.figures.identity import identity
from dashboard.pages.targets.layout import layout
from dashboard.queries import targets
from dashboard.queries.targets import MODELLED, Grade
from tests.engine.execute.test_kept import row, validation

HERE = Grade("calibrated", 0.042, "Calibrated by kernels.", here=True, digits=2)


class Made:
    """A calibration as the page reads it."""

    error = 0.042

    def __init__(self, **facts):
        self.facts = MappingProxyType({"kind": engine.machine_id(), **facts})


@pytest.fixture
def made(monkeypatch):
    """Sets the calibration and the validation that the page finds."""

    def set_(calibration, held=None):
        known = {"onnxruntime-cpu": calibration}
        monkeypatch.setattr(engine, "calibration", lambda target: known.get(target))
        monkeypatch.setattr(engine, "kept_validation", lambda _: held)

    return set_


def text(part) -> str:
    children = getattr(part, "children", part)
    if isinstance(children, list | tuple):
        return " ".join(text(c) for c in children)
    return text(children) if hasattr(children, "children") else str(children or "")


def test_without_a_calibration_every_target_is_modelled(made):
    made(None)
    page = text(layout())
    assert page.count("modelled") == len(engine.targets())
    assert "calibrated" not in page


def test_a_calibrated_target_comes_first_with_its_evidence_the_worst_model_first(made):
    rows = [row("near", 0.0101, 0.01), row("far", 0.02, 0.01), row("tiny", 1e-5, 2e-5)]
    rows.append({"model": "broken", "fault": "It does not run."})
    made(Made(machine="a machine", networks=1000), (validation(rows), "2026-11-21"))
    page = text(layout())
    assert targets.cards()[0].target.id == "onnxruntime-cpu"
    assert "calibrated ± 50 %" in page  # of real models, which is more than 4.2 %
    assert "2: median error 50.5 %; 50 % within 5 %" in page  # of 0.5 ms and more
    assert page.index("far 20.0 10.0 +100 %") < page.index("near 10.1 10.0 +1.0 %")
    assert "It does not run." in page
    assert "Calibrated on another machine" not in page


def test_a_file_made_elsewhere_says_so(made):
    made(Made(machine="Another machine", kind="other"))
    page = text(layout())
    assert "Calibrated on another machine" in page
    assert "calibrated ± 4.2 % elsewhere" in page
    assert "Not validated with real models yet" in page


def test_the_badge_says_the_kind_and_what_rules_change_is_modelled():
    grades = (MODELLED, HERE, targets.changed(HERE), targets.changed(MODELLED))
    said = ["modelled", "calibrated ± 4.2 %", "modelled", "modelled"]
    assert [g.label for g in grades] == said
    assert "The baseline is calibrated" in targets.changed(HERE).words
    assert targets.changed(HERE).digits == HERE.digits


@pytest.mark.parametrize(
    ("real", "machine", "shown", "said"),
    [
        (0.087, "a machine", 0.087, "median error of 4.2 %, 2 real models with one of 8.7 %."),
        (0.021, "a machine", 0.042, "median error of 4.2 %, 2 real models with one of 2.1 %."),
        (0.087, "another", 0.042, "median error of 4.2 %; no real models were measured"),
    ],
)
def test_the_badge_shows_the_larger_error_and_its_title_says_both(made, real, machine, shown, said):
    rows = [row("a", 1 + real, 1.0), row("b", 1 - real, 1.0)]
    made(Made(machine="a machine"), (validation(rows, machine), "2026-11-21"))
    grade = targets.cards()[0].grade
    assert grade.error == pytest.approx(shown)
    assert said in grade.words


def test_digits_follow_the_error_of_real_models_when_it_is_the_larger(made):
    calibration = Made(machine="a machine")
    calibration.error = 0.004
    made(calibration)
    assert targets.cards()[0].grade.digits == 3
    made(calibration, (validation([row("a", 1.05, 1.0)]), "2026-11-21"))
    assert targets.cards()[0].grade.digits == 2


@pytest.mark.parametrize(("error", "digits"), [(0.2, 2), (0.02, 2), (0.004, 3)])
def test_digits_follow_the_error(made, error, digits):
    calibration = Made()
    calibration.error = error
    made(calibration)
    assert targets.cards()[0].grade.digits == digits


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scatter_has_a_point_a_known_model_and_bands_around_the_diagonal(scheme):
    rows = [row("a", 0.011, 0.01), {"model": "unknown"}]
    wide, narrow, diagonal, points = identity(validation(rows).models, scheme).data
    assert (points.x, points.y) == ((10.0,), (11.0,))
    assert wide.y[0] / diagonal.y[0] == pytest.approx(1.2)
    assert narrow.y[0] / diagonal.y[0] == pytest.approx(1.1)
    assert "predicted 11.0 ms, measured 10.0 ms, +10 %" in points.text[0]


def test_the_scatter_of_nothing_is_empty_axes():
    assert identity(validation([{"model": "unknown"}]).models, "light").data[3].x == ()
