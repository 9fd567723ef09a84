"""What the compiler hands on: tasks, edges, groups and lineage as frames."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from engine.graph import Graph

# The columns of `Compilation.tasks`, one row a task in execution order.  Sizes are those of the
# file's own dtypes; what a unknown shape leaves unknown is null, never zero.
TASK_SCHEMA = {
    "task_id": pl.Int32,  # 0..n-1, the execution order
    "name": pl.String,  # the anchor op's name as a person reads it: scope if there is one
    "kernel": pl.String,  # kernel class, a key of compile.kernels.KERNELS
    "ops": pl.String,  # member op types in order: "Conv+BatchNormalization+Relu"
    "op_count": pl.Int32,
    "group": pl.String,  # "/"-joined module path that holds the task; "" at the top
    "region": pl.String,  # control-flow body, "" outside
    "runs": pl.Int64,  # executions per inference; macs, *_operations and bytes are for ONE run
    "signature": pl.Int32,  # tasks with one signature are the same kernel and cost the same
    "macs": pl.Int64,  # multiply-accumulates of conv, matmul, recurrent kernels
    "operations": pl.Int64,  # other element operations (an add, a compare, an exp: one each)
    "parameters": pl.Int64,  # weight elements counted where they are first used
    "weight_bytes": pl.Int64,  # the same in bytes, as stored in the file
    "weight_elements": pl.Int64,  # weight elements that the kernel reads (shared ones too)
    "kernel_elements": pl.Int64,  # of those, what formats and sparsity apply to (no bias, no norm)
    "input_elements": pl.Int64,  # activations read, whole tensors, each once
    "output_elements": pl.Int64,
    "input_bytes": pl.Int64,
    "output_bytes": pl.Int64,
    "input_format": pl.String,  # format of the widest float or quantized activation read
    "output_format": pl.String,
    "kernel_format": pl.String,  # format of the kernel weights; "" when it has none
    "rows": pl.Int64,  # the kernel as a matrix product: rows x depth times depth x columns,
    "depth": pl.Int64,  # `products` times (groups of a conv, heads of an attention).
    "columns": pl.Int64,  # macs = rows * depth * columns * products; 0 where there is none
    "products": pl.Int64,
    "window": pl.Int32,  # kernel window elements (3x3 conv: 9); 0 where there is none
    "rank": pl.Int32,  # largest rank of an activation read or made
    "input_shape": pl.String,  # "1×3×224×224", of the first activation; "?" unknown
    "output_shape": pl.String,
    "kernel_shape": pl.String,
    "live_bytes": pl.Int64,  # activations alive while the task runs, itself included
    "unknown": pl.String,  # why the task cannot be priced ("no kernel for com.acme.Foo"); ""
}
EDGE_SCHEMA = {
    "source": pl.Int32,  # task_id that makes the tensor; -1: an input of the model
    "target": pl.Int32,  # task_id that reads it; -1: an output of the model
    "tensor": pl.String,
    "shape": pl.String,
    "format": pl.String,
    "elements": pl.Int64,
    "bytes": pl.Int64,
}
LINEAGE_SCHEMA = {
    "op": pl.String,  # every op of the file is in exactly one row
    "op_type": pl.String,
    "task_id": pl.Int32,  # null when folded away
    "reason": pl.String,  # pass that put it there or took it away, as a sentence part
}


@dataclass(frozen=True)
class Compilation:
    """A model compiled for a target, before any optimization.

    Args:
        graph: the fused network; `graph.ops[i]` is task i.
        source: the network as read, before any pass.
        target: id of the target.
        engine: version of the engine that made it.
        kernels: where the tasks are those of a real runtime, what its calibrated times follow
            from: one row a task, columns `compile.KERNEL_SCHEMA`; None where we compiled.
        note: why our own passes compiled it though the target has a runtime, "" otherwise.
    """

    graph: Graph
    source: Graph
    target: str
    engine: str
    tasks: pl.DataFrame
    edges: pl.DataFrame
    lineage: pl.DataFrame
    kernels: pl.DataFrame | None = None
    note: str = ""

    @property
    def unknown_ops(self) -> tuple[str, ...]:
        """Types of the ops that cannot be priced, "domain.Type", each once, sorted.

        No kernel is known for them, or their shapes are not known before the model runs.
        """
        bad = self.tasks.filter(pl.col("unknown") != "")["task_id"].to_list()
        anchors = {(self.graph.ops[i].domain, self.graph.ops[i].type) for i in bad}
        return tuple(sorted(f"{domain}.{type}" if domain else type for domain, type in anchors))
