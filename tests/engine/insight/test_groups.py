"""Groups: a tree of disjoint siblings; known layers found with names and without."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.insight.groups import MOST_ID, parts
from tests.acceptance import corpus
from tests.builders import Net
from tests.effort import allowed, took, tries
from tests.engine.insight.invented import compilation, renumbered, stripped, tiled


def light(name: str):
    path = next(p for p in corpus.light() if name in p.name)
    return engine.compile_model(engine.read_trusted(path), engine.target("phone-npu"))


def stacks(groups) -> list[int]:
    """Copies of each stack, in order."""
    inside = Counter(g.parent for g in groups)
    return [inside[g.id] for g in groups if g.kind == "stack"]


def patterns(groups, size: int) -> list[int]:
    """How many copies there are of each pattern with groups of a size."""
    found = Counter(g.pattern for g in groups if g.pattern and len(g.tasks) == size)
    return sorted(found.values())


def check_tree(groups, count: int) -> None:
    known = {"": set(range(count))}
    free = {"": set(range(count))}
    for g in groups:
        assert g.id not in known
        assert g.id.isprintable()
        assert 0 < len(g.id) <= MOST_ID
        assert "#" not in g.id
        assert list(g.tasks) == sorted(set(g.tasks))
        assert len(g.tasks) > 1
        assert g.label
        assert set(g.tasks) <= free[g.parent]  # inside its parent, apart from its siblings
        free[g.parent] -= set(g.tasks)
        known[g.id] = free[g.id] = set(g.tasks)
    shared = Counter(g.pattern for g in groups if g.pattern)
    assert all(n > 1 for n in shared.values())
    assert all(n >= 3 for n in stacks(groups))


@settings(max_examples=tries(30, 300), deadline=None)
@given(st.data())
def test_groups_are_a_tree_for_any_compilation(data):
    n = data.draw(st.integers(0, 90))
    words = st.sampled_from("abc")
    unit = data.draw(st.lists(words, min_size=1, max_size=6))
    kernels = [unit[i % len(unit)] if data.draw(st.integers(0, 9)) else "x" for i in range(n)]
    edges = [
        (data.draw(st.integers(-1, i - 1)), i)
        for i in range(n)
        for _ in range(data.draw(st.integers(0, 2)))
    ]
    scopes = data.draw(
        st.one_of(
            st.none(),
            st.lists(
                st.lists(st.sampled_from(["a", "b", "0", "1", "#x"]), max_size=4).map("/".join),
                min_size=n, max_size=n,
            ),
        )
    )  # fmt: skip
    own = data.draw(st.sampled_from([None, {"mine": "a*", "mine/deep": "*1", "b": "[0-5]"}]))
    made = compilation(kernels, edges, scopes)
    groups = engine.groups(made, own)
    check_tree(groups, n)
    assert groups == engine.groups(made, own)


# Known architectures, without any name: the nine of the onnx package have none to begin with.


def test_densenet_has_its_dense_blocks():
    groups = engine.groups(stripped(light("densenet121")))
    check_tree(groups, 246)
    assert sorted(stacks(groups)) == [3, 6, 12, 16, 24]
    assert patterns(groups, 4) == [6 + 12 + 24 + 16]
    assert any(g.label == "block × 24" for g in groups)
    assert [g.label for g in groups if not g.parent] == ["stage × 3", "block × 16"]


def test_resnet_has_its_bottlenecks_the_first_of_each_stage_apart():
    groups = engine.groups(light("resnet50"))
    check_tree(groups, 57)
    assert patterns(groups, 3) == [12]  # 2 + 3 + 5 + 2
    assert patterns(groups, 4) == [4]  # with a projection
    stages = [g for g in groups if g.label.startswith("stage ") and g.kind == "repeat"]
    assert [len(g.tasks) for g in stages] == [10, 13, 19, 10]


def test_inception_has_its_modules_and_squeezenet_its_fires():
    assert patterns(engine.groups(light("inception_v1")), 8) == [9]
    assert patterns(engine.groups(light("squeezenet")), 4) == [8]


def llama(layers: int = 24, groups: bool = False):
    """Tasks of a decoder as the compiler fuses them; angles are read by every layer."""
    unit = ["norm", "gemm", "gemm", "gemm", "rope", "rope", "attention", "gemm", "norm", "gemm",
            "gemm", "mul", "gemm"]  # fmt: skip
    inner = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (4, 6), (5, 6), (3, 6), (6, 7), (7, 8),
             (8, 9), (8, 10), (9, 11), (10, 11), (11, 12), (7, 12)]  # fmt: skip
    kernels, edges, scopes = ["gather", "angle"], [(-1, 0), (-1, 1)], ["embed", "angles"]
    last = 0
    for k in range(layers):
        a = len(kernels)
        kernels += unit
        edges += [(a + i, a + j) for i, j in inner]
        edges += [(last, a), (last, a + 7), (1, a + 4), (1, a + 5)]
        scopes += [f"model/layers/{k}/{'attn' if i < 8 else 'mlp'}" for i in range(13)]
        last = a + 12
    n = len(kernels)
    return compilation(
        [*kernels, "norm", "gemm"], [*edges, (last, n), (n, n + 1), (n + 1, -1)],
        [*scopes, "norm", "head"] if groups else None,
    )  # fmt: skip


def test_decoder_layers_are_found_whole():
    groups = engine.groups(llama())
    assert [g.label for g in groups][:3] == ["block × 24", "block 1", "block 2"]
    assert [g.tasks[0] for g in groups if g.kind == "repeat"] == list(range(2, 2 + 24 * 13, 13))


def test_decoder_layers_with_names_stack_by_name():
    groups = engine.groups(llama(groups=True))
    check_tree(groups, 24 * 13 + 4)
    assert [g.label for g in groups][:5] == ["model", "layers × 24", "layers.0", "attn", "mlp"]
    assert groups[1].kind == "stack"
    assert len({g.pattern for g in groups if g.label.startswith("layers.")}) == 1
    assert groups[2].id == "model/layers.0"


@pytest.mark.parametrize("seed", range(4))
def test_another_order_of_the_file_finds_the_same_layers(seed: int):
    made = llama(8)
    random = np.random.default_rng(seed)
    before = {i: set() for i in range(len(made.tasks))}
    for a, b in made.edges.select("source", "target").rows():
        if a >= 0 <= b:
            before[b].add(a)
    order: list[int] = []
    while len(order) < len(before):  # any order in which every task follows what it reads
        ready = [i for i in before if i not in order and before[i] <= set(order)]
        order.append(int(random.choice(ready)))
    groups = engine.groups(renumbered(made, order))
    copies = [g for g in groups if g.kind == "repeat"]
    assert [len(g.tasks) for g in copies] == [13] * 8
    old = {order[i] for g in copies for i in g.tasks}
    assert old == set(range(2, 2 + 8 * 13))


def test_a_unet_has_its_stages():
    """Blocks begin where the picture changes its size, also across the turn."""
    kernels, edges, shapes, skips = ["conv", "conv"], [(-1, 0), (0, 1)], [], [1]
    shapes = [("1×3×64×64", "1×3×64×64")] * 2
    size = 64

    def add(kernel: str, size_in: int, size_out: int, *sources: int) -> int:
        kernels.append(kernel)
        edges.extend((s, len(kernels) - 1) for s in sources)
        shapes.append((f"1×3×{size_in}×{size_in}", f"1×3×{size_out}×{size_out}"))
        return len(kernels) - 1

    at = 1
    for _ in range(3):
        size //= 2
        at = add("pool", 2 * size, size, at)
        at = add("conv", size, size, add("conv", size, size, at))
        skips.append(at)
    skips.pop()
    for _ in range(3):
        size *= 2
        at = add("concat", size, size, add("deconv", size // 2, size, at), skips.pop())
        at = add("conv", size, size, add("conv", size, size, at))
    add("head", size, size, at)
    groups = engine.groups(compilation(kernels, edges, shapes=shapes))
    assert [g.label for g in groups if not g.parent] == ["block A × 3", "block B × 3"]
    assert [kernels[g.tasks[0]] for g in groups if g.kind == "repeat"] == [
        "pool", "pool", "pool", "deconv", "deconv", "deconv"
    ]  # fmt: skip


def test_layers_that_grow_stay_copies():
    """Each layer reads all before it, as some exporters write a DenseNet."""
    kernels, edges, made = ["conv"], [(-1, 0)], [0]
    for _ in range(6):
        a = len(kernels)
        kernels += ["concat", "norm", "conv1", "conv3"]
        edges += [*((m, a) for m in made), (a, a + 1), (a + 1, a + 2), (a + 2, a + 3)]
        made.append(a + 3)
    groups = engine.groups(compilation(kernels, edges))
    assert [g.label for g in groups][:2] == ["block × 6", "block 1"]


def test_what_is_left_is_runs_and_branches():
    chain = engine.groups(compilation(["conv"] * 50, [(i - 1, i) for i in range(50)]))
    assert [(g.kind, g.label) for g in chain] == [("run", "conv × 50")]
    fork = [(-1, 0), (0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4), (4, 5)]
    groups = engine.groups(compilation(["stem", "a", "b", "c", "join", "head"], fork))
    assert [(g.kind, g.label, g.tasks) for g in groups] == [("branch", "branches", (1, 2, 3, 4))]


def test_names_with_slashes_are_paths():
    names = [f"/layers.{i // 4}/attn/MatMul_{i}" for i in range(24)]
    groups = engine.groups(compilation(["gemm"] * 24, [], names=names))
    assert groups[0].label == "layers × 6"
    assert parts("model/layers/3/attn") == ("model", "layers.3", "attn")


def test_scopes_that_differ_do_not_stack():
    scopes = [f"layers/{i // 3}" for i in range(12)]
    kernels = ["conv", "relu", "pool"] * 3 + ["gemm"] * 3
    groups = engine.groups(compilation(kernels, [], scopes))
    assert [g.label for g in groups if not g.parent] == ["layers × 3", "layers.3"]


def test_torch_metadata_of_a_file_makes_the_groups():
    net = Net()
    x = net.input("x", (1, 8, 16, 16))
    for k in range(4):
        net.scope = ("body", str(k))
        y = net.op("Conv", x, net.weight(8, 8, 3, 3), pads=[1] * 4, kernel_shape=[3, 3])
        x = net.op("Add", net.op("Sigmoid", net.op("Exp", y)), x)
    net.output(x)
    graph = engine.read_trusted(net.bytes())
    groups = engine.groups(engine.compile_model(graph, engine.target("phone-npu")))
    assert {g.label for g in groups} >= {"body.0", "body.3"}


def test_cost_is_bounded_and_grows_with_the_number_of_tasks():
    unit = light("resnet50")
    small, large = tiled(unit, 5_000), tiled(unit, 20_000)
    quick, slow = (took(partial(engine.groups, made), 2) for made in (small, large))
    assert quick < allowed(0.3)
    assert slow < allowed(1.5)
    assert slow < 10 * quick
