"""Each op of the standard, in the cases that the onnx package ships for its own backends."""

from __future__ import annotations

import warnings

import pytest
from onnx.backend.test.case.node import collect_testcases

from engine.compile import compile_model
from tests.engine.compile.checks import AnyTarget, read


@pytest.mark.slow
def test_each_case_of_the_standard_compiles() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases compute NaN on purpose
        models = [(c.name, c.model) for c in collect_testcases(None) if c.model is not None]
    assert len(models) > 1500
    # the same op as a function of others: a few of these are enough
    models = [(n, m) for i, (n, m) in enumerate(models) if "_expanded" not in n or i % 5 == 0]
    for name, model in models:
        found = compile_model(read(model), AnyTarget())
        assert len(found.lineage) == len(found.source.ops), name
        for row in found.tasks.rows(named=True):
            product = row["rows"], row["depth"], row["columns"], row["products"]
            if row["macs"] is not None:
                a, b, c, d = product
                assert row["macs"] == a * b * c * d >= 0, name
                assert row["operations"] >= 0, name
            else:
                assert row["unknown"] or row["runs"] == 0, name
            if row["unknown"] == "" and row["runs"]:
                # memory depends on what else is alive, so it may be unknown next to an unknown
                assert None not in [v for k, v in row.items() if k != "live_bytes"], name
