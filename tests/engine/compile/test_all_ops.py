"""Each op of the standard, with operands that fit, that do not, and that are not known."""

from __future__ import annotations

import pytest
from onnx import defs

from engine.compile import compile_model
from engine.compile.kernels import RUNTIME_CLASS_OF
from engine.graph import Graph, Op, Tensor
from tests.engine.compile.checks import AnyTarget

SCHEMAS = {(s.domain, s.name): s for s in defs.get_all_schemas_with_history()}
KINDS = [
    *((d, n, min(s.max_input, 6), max(1, min(s.max_output, 3))) for (d, n), s in SCHEMAS.items()),
    *(("com.microsoft", n, 6, 1) for n in RUNTIME_CLASS_OF),
]
SHAPES = [(1, 4, 8, 8), (4, 4), (4,), (), (0, 3), None]


def everything(shape: tuple[int, ...] | None, dtype: str, stored: str) -> Graph:
    """All ops side by side; each reads up to six operands, fed, stored or absent."""
    names = tuple(f"t{i}" for i in range(6))
    weights = {"none": (), "others": names[1:], "all": names, "absent": ()}[stored]
    tensors = {n: Tensor(n, dtype, shape, "weight" if n in weights else "input") for n in names}
    ops = []
    for i, (domain, kind, reads, makes) in enumerate(KINDS):
        inputs = ("", *names[1:reads]) if stored == "absent" and reads else names[:reads]
        outputs = tuple(f"y{i}_{j}" for j in range(makes))
        tensors |= {n: Tensor(n, dtype, shape) for n in outputs}
        ops.append(Op(f"n{i}", kind, inputs, outputs, domain))
    returned = tuple(t for op in ops for t in op.outputs)
    return Graph("g", tuple(ops), tensors, tuple(n for n in names if n not in weights), returned)


@pytest.mark.parametrize("stored", ["none", "others", "all", "absent"])
@pytest.mark.parametrize("dtype", ["float32", ""])
def test_no_op_crashes_the_compiler(dtype: str, stored: str) -> None:
    for shape in SHAPES:
        found = compile_model(everything(shape, dtype, stored), AnyTarget())
        assert len(found.lineage) == len(KINDS)
        for row in found.tasks.rows(named=True):
            where = f"{row['ops']} of {shape}"
            if row["macs"] is None:
                assert row["unknown"], where
                continue
            product = row["rows"] * row["depth"] * row["columns"] * row["products"]
            assert row["macs"] == product >= 0, where
            assert row["operations"] >= 0, where
            if not row["unknown"]:
                # memory is known only where all that is alive is
                assert None not in [v for k, v in row.items() if k != "live_bytes"], where
