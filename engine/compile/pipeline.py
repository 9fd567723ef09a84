"""The table of contents of the compiler: which pass runs when, and why there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple, Protocol

from engine.compile import passes
from engine.compile.claim import claim
from engine.compile.compilation import Compilation
from engine.compile.counted import kernels_frame
from engine.compile.frames import edges_frame, lineage_frame, tasks_frame
from engine.compile.storage import Storage
from engine.errors import EngineError
from engine.graph import Graph, collector_paused, replace_ops, verify


class Step(NamedTuple):
    """A pass, what it does to an op as a sentence part of the lineage, and why it is here."""

    run: Callable[[Graph], Graph]
    reason: str
    because: str

    @property
    def name(self) -> str:
        """What targets call it in `without_passes`."""
        return self.run.__name__


PIPELINE: tuple[Step, ...] = (
    Step(
        passes.fold_constants,
        "folded: computed once, from weights and known shapes",
        "first: all that follows asks which operands are stored",
    ),
    Step(
        passes.drop_dead,
        "dropped: no output of the model needs it",
        "after folding, which leaves Shape's sources without readers; before anything counts them",
    ),
    Step(
        passes.free_views,
        "free: the same bytes under another shape or name",
        "before the fusions, so that a Reshape between two ops does not hide their pattern",
    ),
    Step(
        passes.absorb_weight_quantization,
        "absorbed: the kernel reads the stored integers",
        "before the fusions, which then meet the op that reads the weight and nothing else",
    ),
    Step(
        passes.fuse_activation,
        "fused: part of an activation written out",
        "before conv and matrix product, which take an activation as one op",
    ),
    Step(
        passes.fuse_softmax,
        "fused: part of a softmax written out",
        "before attention, which looks for a softmax",
    ),
    Step(
        passes.fuse_rotary,
        "fused: part of a rotary embedding written out",
        "before attention, which takes the transposes that are left",
    ),
    Step(
        passes.fuse_attention,
        "fused into the attention",
        "before the matrix products, for a mask would look like a bias",
    ),
    Step(
        passes.absorb_pad,
        "absorbed: the kernel pads as it reads",
        "before convs, which keep what joined them",
    ),
    Step(
        passes.fuse_conv,
        "fused into the convolution",
        "before norms, which would take a BatchNormalization for themselves",
    ),
    Step(
        passes.fuse_matmul,
        "fused into the matrix product",
        "after attention, whose products have no epilogue; before norms, as for convs",
    ),
    Step(
        passes.fuse_normalization,
        "fused into the normalization",
        "after convs took theirs; before chains, which would take the scale and shift",
    ),
    Step(
        passes.fuse_elementwise,
        "fused: computed in one go with its neighbours",
        "late: it takes what no larger kernel wanted",
    ),
    Step(
        passes.absorb_quantization,
        "absorbed: the kernel works on integers",
        "last: what stands between dequantize and quantize is one op by now",
    ),
)


class Target(Protocol):
    """What the compiler needs to know of a target; `without_passes` may be absent."""

    @property
    def id(self) -> str:
        """The target's id."""


@collector_paused()
def compile_model(graph: Graph, target: Target, runtime: Graph | None = None) -> Compilation:
    """Turn a network as read into tasks for a target.

    Args:
        graph: as `formats.read` gives it.
        target: its `id`, and in `without_passes` the names of passes that it cannot use.
        runtime: the graph that a real compiler made of the file; its kernels are the tasks then,
            and of our passes only those run that leave out what nothing computes.

    Returns:
        Tasks in execution order, edges, and where each op of the file went.

    Raises:
        EngineError: the graph is not sound (see `engine.graph.verify`), or the target leaves out
            a pass that does not exist.
    """
    skipped: frozenset[str] = getattr(target, "without_passes", frozenset())
    known = {step.name for step in PIPELINE}
    if not known.issuperset(skipped):
        raise EngineError(
            "leaves out a pass that does not exist",
            target.id,
            expected=", ".join(sorted(known)),
            found=", ".join(sorted(skipped - known)),
        )
    source = verify(graph)
    reasons: dict[str, str] = {}
    for step in PIPELINE if runtime is None else PIPELINE[:2]:
        if step.name in skipped:
            continue
        result = step.run(graph)
        if result is not graph:
            _explain(graph, result, step.reason, reasons)
        graph = result
    if runtime is not None:
        result = claim(graph, runtime)
        _explain(graph, result, "in this kernel of the runtime", reasons)
        graph = result
    graph = verify(_settle(graph))
    storage = Storage(graph, source)
    return Compilation(
        kernels=None if runtime is None else kernels_frame(runtime),
        graph=graph,
        source=source,
        target=target.id,
        engine=_engine_version(),
        tasks=tasks_frame(graph, storage),
        edges=edges_frame(graph, storage),
        lineage=lineage_frame(graph, source, reasons),
    )


def _settle(graph: Graph) -> Graph:
    """Say of what a task makes that it is computed, though from constants alone.

    To the passes such a tensor (a dequantized weight that two ops read) was as good as stored.
    """
    made = (graph.tensors[t] for op in graph.ops for t in op.outputs if t)
    computed = {t.name: replace(t, kind="activation") for t in made if t.kind == "weight"}
    return replace_ops(graph, graph.ops, computed) if computed else graph


def _explain(before: Graph, after: Graph, reason: str, reasons: dict[str, str]) -> None:
    """Note for each op that a pass moved or took away, what happened to it."""
    names = {op.name for op in after.ops}
    old = {id(op) for op in before.ops}
    for op in before.ops:
        if op.name not in names:
            reasons.update((part.name, reason) for part in op.parts)
    for op in after.ops:
        if op.members and id(op) not in old:
            for part in op.members:
                if part.name == op.name:
                    reasons[part.name] = "the anchor of its task"
                # what an earlier pass joined keeps its reason
                elif reasons.get(part.name, "the anchor of its task") == "the anchor of its task":
                    reasons[part.name] = reason


def _engine_version() -> str:
    try:
        return version("paredown")
    except PackageNotFoundError:
        return "0"
