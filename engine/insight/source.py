"""Back to the code: which lines of source each task comes from, and what each line costs.

A task has one line, that of the op it is named after (where that op has none, of the first of its
ops that has one).  Lines of the other ops that were fused into it are its lines too, as "fused";
so are the calls through which the program came there, as "call".  The latency of a task counts
once, at its line, so that all lines and what has none sum to the whole model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from engine.compile.compilation import Compilation
from engine.formats import SourceLine, Trace, matched, read_map, texts_of_folder, trace
from engine.graph import Op
from engine.recipe.model import Resolution

LINE, FUSED, CALL = "line", "fused", "call"
ROLES = (LINE, FUSED, CALL)
LINK_SCHEMA = {
    "task_id": pl.Int32,
    "line": pl.Int32,  # index in `SourceMap.lines`
    "role": pl.String,  # one of ROLES, the first that fits
    "ops": pl.String,  # types of the ops that come from this line: "Conv+Relu"; "" of a call
}
COST_SCHEMA = {
    "file": pl.String,  # "" in the row of what has no line
    "line": pl.Int32,
    "function": pl.String,
    "text": pl.String,
    "library": pl.String,
    "tasks": pl.Int32,  # whose line it is
    "fused": pl.Int32,  # tasks of other lines into which ops of this one were fused
    "calls": pl.Int32,  # tasks of lines further in, that are called from here
    "latency_s": pl.Float64,  # of `tasks`; null when one of them is unknown
    "energy_j": pl.Float64,
    "with_calls_latency_s": pl.Float64,  # of all three
    "with_calls_energy_j": pl.Float64,
}
_COSTS = ("latency_s", "energy_j")


@dataclass(frozen=True)
class SourceMap:
    """The lines of a compiled model.

    Args:
        lines: each once; a text that the trace lacks is filled in from the file.
        links: one row for each task and line; columns `LINK_SCHEMA`.
        texts: path of a line -> text of its file, and files of the model that no task names.
        places: path of a line -> its file under the folder that was named.
        stale: of `texts`, paths whose text is not what was exported -> lines that differ.
        merged: tasks whose exporter put a batch norm into the op before it and kept only the line
            of the norm, and for which no text says where the op itself is called.
        notes: what was left out on the way.
    """

    lines: tuple[SourceLine, ...]
    links: pl.DataFrame
    texts: Mapping[str, str]
    stale: Mapping[str, int]
    merged: frozenset[int]
    places: Mapping[str, Path]
    notes: tuple[str, ...] = ()

    def of_task(self, task: int) -> tuple[tuple[SourceLine, str, str], ...]:
        """(line, role, ops) of one task, its own line first."""
        rows = self.links.filter(pl.col("task_id") == task).to_dicts()
        rows.sort(key=lambda row: ROLES.index(row["role"]))
        return tuple((self.lines[row["line"]], row["role"], row["ops"]) for row in rows)

    def costs(self, resolution: Resolution) -> pl.DataFrame:
        """What each line costs, the most expensive first; columns `COST_SCHEMA`.

        The last row, with an empty file, is what has no line: conversions, and tasks whose ops
        carry no trace; it is there only when there are such.
        """
        count = pl.len().cast(pl.Int32)
        rows = resolution.tasks.select("task_id", *_COSTS)
        joined = self.links.join(rows, on="task_id", how="left")
        total = [_sum(name) for name in _COSTS]
        own = (
            joined.filter(pl.col("role") == LINE).group_by("line").agg(count.alias("tasks"), *total)
        )
        whole = joined.group_by("line").agg(
            (pl.col("role") == FUSED).sum().cast(pl.Int32).alias("fused"),
            (pl.col("role") == CALL).sum().cast(pl.Int32).alias("calls"),
            *(_sum(name).alias(f"with_calls_{name}") for name in _COSTS),
        )
        told = pl.DataFrame(
            [(i, e.file, e.line, e.function, e.text, e.library) for i, e in enumerate(self.lines)],
            schema={"at": pl.Int32, **{name: COST_SCHEMA[name] for name in _WORDS}}, orient="row",
        )  # fmt: skip
        found = (
            told.join(whole, left_on="at", right_on="line", how="inner")
            .join(own, left_on="at", right_on="line", how="left")
            .with_columns(pl.col("tasks").fill_null(0))
            .with_columns(
                # a line that only calls costs nothing itself; null stays for what is unknown
                pl.when(pl.col("tasks") == 0).then(0.0).otherwise(pl.col(name)).alias(name)
                for name in _COSTS
            )
            .sort("latency_s", "with_calls_latency_s", descending=True, nulls_last=True)
            .select(list(COST_SCHEMA))
        )
        placed = self.links.filter(pl.col("role") == LINE)["task_id"].unique().implode()
        rest = rows.filter(~pl.col("task_id").is_in(placed))
        if rest.is_empty():
            return found
        last = rest.select(count.alias("tasks"), *total).with_columns(
            pl.lit("").alias("file"), pl.lit("").alias("text"),
            *(pl.col(name).alias(f"with_calls_{name}") for name in _COSTS),
        )  # fmt: skip
        return pl.concat([found, last], how="diagonal_relaxed").select(
            pl.col(name).cast(kind) for name, kind in COST_SCHEMA.items()
        )


_WORDS = ("file", "line", "function", "text", "library")


def _sum(name: str) -> pl.Expr:
    """The sum, null when a part is unknown."""
    known = pl.col(name).is_not_null().all()
    return pl.when(known).then(pl.col(name).sum()).alias(name)


def source_of(
    compilation: Compilation,
    model: str | Path | bytes | Trace,
    root: str | Path | None = None,
    told: str | Path | bytes | None = None,
) -> SourceMap:
    """Where the tasks of a model come from.

    Args:
        compilation: what `compile_model` gave.
        model: its file or the bytes of it, read in the limited child; or what was read of it.
        root: a folder with the sources, on this machine.
        told: a JSON map (file or bytes), for exporters that leave no stack traces; it wins.

    Raises:
        EngineError: the file, the folder or the map cannot be read.
    """
    found = model if isinstance(model, Trace) else trace(model, compilation.source.name)
    maps = [found] if told is None else [read_map(told), found]
    lines: dict[SourceLine, int] = {}
    links = _links(compilation, maps, lines)
    files = dict.fromkeys(line.file for line in lines)
    given = {path: text for each in reversed(maps) for path, text in each.texts.items()}
    pairs = matched(files, given)
    texts = {path: given[real] for path, real in pairs.items()}
    own = {} if root is None else texts_of_folder(Path(root).resolve(), files)
    texts |= {path: text for path, (text, _) in own.items()}
    stale = {path: n for path, text in texts.items() if (n := _differing(lines, path, text))}
    taken = set(pairs.values())
    texts |= {path: text for path, text in given.items() if path not in taken | set(texts)}
    sound = {path: text for path, text in texts.items() if path not in stale}
    links, merged = _unmerged(compilation, maps, lines, links, sound)
    return SourceMap(
        tuple(_filled(line, texts) for line in lines), links, texts, stale, merged,
        {path: place for path, (_, place) in own.items()},
        tuple(dict.fromkeys(note for each in maps for note in each.notes)),
    )  # fmt: skip


def _links(
    compilation: Compilation, maps: Sequence[Trace], lines: dict[SourceLine, int]
) -> pl.DataFrame:
    """The rows of `SourceMap.links`; enters the lines."""
    ops = {op.name: op for op in compilation.source.ops}
    members: dict[int, list[Op]] = {}
    for name, task in compilation.lineage.select("op", "task_id").iter_rows():
        if task is not None:
            members.setdefault(task, []).append(ops[name])
    rows: list[tuple[int, int, str, str]] = []
    for task, parts in sorted(members.items()):
        anchor = compilation.graph.ops[task].name
        parts.sort(key=lambda op: op.name != anchor)
        roles: dict[int, str] = {}
        types: dict[int, list[str]] = {}
        for op in parts:
            stack, at = next(_stack_of(op, maps), ((), 0))
            for place, line in enumerate(stack):
                key = lines.setdefault(line, len(lines))
                role = CALL
                if place == at:
                    role = FUSED if LINE in roles.values() and roles.get(key) != LINE else LINE
                    types.setdefault(key, []).append(op.type)
                old = roles.get(key, CALL)
                roles[key] = min(role, old, key=ROLES.index)
        rows += [(task, key, role, "+".join(types.get(key, ()))) for key, role in roles.items()]
    return pl.DataFrame(rows, schema=LINK_SCHEMA, orient="row")


def _stack_of(op: Op, maps: Sequence[Trace]) -> Iterator[tuple[tuple[SourceLine, ...], int]]:
    """Stacks of an op, from the most exact that is known of it."""
    call = op.name.rpartition("/")[0]  # what an inlined function was called by
    names = [name for name in (op.name, *op.outputs, call) if name]
    for each in maps:
        found = [each.ops[name] for name in names if name in each.ops]
        for depth in range(len(op.scope), 0, -1):
            path = "/".join(op.scope[:depth])
            if path in each.modules:
                found.append(each.modules[path])
                break
        for stack in found:
            yield tuple(each.lines[i] for i in each.stacks[stack]), each.at[stack]


def _unmerged(
    compilation: Compilation, maps: Sequence[Trace], lines: dict[SourceLine, int],
    links: pl.DataFrame, texts: Mapping[str, str],
) -> tuple[pl.DataFrame, frozenset[int]]:  # fmt: skip
    """Give ops that took their norm's line the line of their own call, where a text has it.

    The name of a weight says what its module is called: "stem.conv.weight" is that of `self.conv`.
    The call stands above the norm's, in the same function.  Returns the links, and the tasks whose
    line stays that of the norm.
    """
    ops = {
        op.name: op
        for op in compilation.source.ops
        if op.name in maps[-1].merged and (len(maps) < 2 or not any(_stack_of(op, maps[:1])))
    }
    known = list(lines)
    norms = dict(links.filter(pl.col("role") == LINE).select("task_id", "line").iter_rows())
    moved: dict[int, int] = {}
    kept: set[int] = set()
    for name, task in compilation.lineage.select("op", "task_id").iter_rows():
        if name not in ops or task is None or name != compilation.graph.ops[task].name:
            continue
        norm, parts = known[norms[task]], (ops[name].inputs[1:2] or ("",))[0].split(".")
        call = _call_above(texts.get(norm.file, ""), norm.line, (parts[-2:] or [""])[0])
        if call == 0:
            kept.add(task)
        elif call != norm.line:
            line = replace(norm, line=call, text="")
            moved[task] = lines.setdefault(_filled(line, texts), len(lines))
    if not moved:
        return links, frozenset(kept)
    own = (pl.col("role") == LINE) & pl.col("task_id").is_in(list(moved))
    added = [(task, line, LINE, compilation.graph.ops[task].type) for task, line in moved.items()]
    fused = links.with_columns(
        pl.when(own).then(pl.lit(FUSED)).otherwise("role").alias("role"),
        pl.when(own).then(pl.lit("BatchNormalization")).otherwise("ops").alias("ops"),
    )
    return pl.concat([fused, pl.DataFrame(added, LINK_SCHEMA, orient="row")]), frozenset(kept)


def _call_above(text: str, line: int, name: str) -> int:
    """Number of the line at or above another one, in its function, that calls `self.<name>`."""
    rows = text.splitlines()[:line]
    for k in range(len(rows), 0, -1):
        if name and f"self.{name}(" in rows[k - 1]:
            return k
        if rows[k - 1].lstrip().startswith("def "):
            break
    return 0


def _differing(lines: Mapping[SourceLine, int], path: str, text: str) -> int:
    """How many lines of a file are not what the trace says of them."""
    rows = text.splitlines()
    told = [line for line in lines if line.file == path and line.text]
    return sum(line.line > len(rows) or not _same(rows[line.line - 1], line.text) for line in told)


def _same(row: str, told: str) -> bool:
    return row.strip().startswith(told) or told.startswith(row.strip())


def _filled(line: SourceLine, texts: Mapping[str, str]) -> SourceLine:
    rows = texts.get(line.file, "").splitlines() if not line.text else []
    if not 0 < line.line <= len(rows):
        return line
    return replace(line, text=rows[line.line - 1].strip())
