"""What a target does not offer for some tasks, and why."""

import pytest

from engine.errors import EngineError
from engine.recipe import Recipe, options, withheld
from tests.engine.cost.hand_made import compilation, conv, gemm, simple


def reasons(c, tasks):
    return {name: w.why for w in withheld(c, tasks) for name in w.what or ("anything",)}


def test_what_is_offered_has_no_reason_and_what_is_not_has_one():
    c = compilation(conv(64, 16, 32), gemm(64, 32, 32), target="phone-npu")
    frame, said = options(c, Recipe(), [0]), reasons(c, [0])
    for fmt in set(frame["input_format"]) | set(frame["output_format"]):
        assert f"{fmt} activations" not in said
    assert not {f"{fmt} weights" for fmt in frame["kernel_format"]} & set(said)
    assert said["2:4 sparsity"] == "no unit of this target gains from 2:4 weights"
    assert "computed as int8 here" in said["int4 activations"]
    assert not any("fp64" in name for name in said)


def test_a_task_without_any_choice_says_why():
    c = compilation(simple("convert", 8, "Cast"), conv(8, 8, 8), target="phone-npu")
    assert reasons(c, [0]) == {"anything": "a conversion of the file keeps its formats"}
    first, *_ = withheld(c, [0, 1])
    assert (first.what, first.tasks) == ((), (0,))


def test_size_and_place_are_reasons_too():
    c = compilation(conv(64, 3, 8), gemm(1, 6, 4), edges=[(-1, 0), (0, 1), (1, -1)],
                    target="h200")  # fmt: skip
    said = {w.why: w for w in withheld(c, [0, 1])}
    assert said["its channels are an output of the model"].tasks == (1,)
    assert "2:4 sparsity" in said["its input channels are no multiple of 4"].what
    few = compilation(gemm(1, 4, 4), target="phone-npu")
    assert "8-bit palettes" in reasons(few, [0])


def test_reasons_for_many_tasks_come_first():
    c = compilation(conv(64, 16, 32), simple("softmax", 2048), gemm(64, 32, 32), target="phone-npu")
    sizes = [len(w.tasks) for w in withheld(c, [0, 1, 2]) if w.what]
    assert sizes == sorted(sizes, reverse=True)
    assert withheld(c, []) == ()


@pytest.mark.parametrize("ids", [[9], [-1], [10**9], [0, 2**70]])
def test_a_task_that_is_not_there(ids):
    c = compilation(conv(8, 8, 8), target="phone-npu")
    with pytest.raises(EngineError, match="no such task"):
        withheld(c, ids)
