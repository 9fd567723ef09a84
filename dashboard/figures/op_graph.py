"""The compiled graph as elements of dash-cytoscape, placed and routed.

`elements` answers "what feeds what, and where does it fold"; colours are classes that the browser
sets from the figures it holds (`assets/js/op_graph.js`), so a new metric costs no request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dashboard.figures.blocks import WHOLE, Block, Tree, folded, framed
from dashboard.figures.layered import BOX, Placed, place
from dashboard.figures.tokens import STEPS, tokens
from engine.insight import Group, found_in

MOST_ELEMENTS = 1_500
MAX_FRAMES = 60
SIDES = {"bottom": "0 50%", "top": "0 -50%", "left": "-50% 0", "right": "50% 0"}

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tensors:
    """What an edge of the drawing carries.

    Args:
        text: shape and format of the largest tensor, "1×64×56×56 fp32".
        bytes: its size; None unknown.
        count: how many tensors there are.
    """

    text: str
    bytes: int | None
    count: int


def elements(
    tasks: pl.DataFrame,
    edges: pl.DataFrame,
    opened: Sequence[str] = (),
    groups: Sequence[Group] | None = None,
    direction: str = "down",
) -> list[Element]:
    """Boxes, frames and edges of a compilation; see `Folding`."""
    return Folding(tasks, edges, groups).elements(opened, direction)


class Folding:
    """A compilation that is drawn again and again, with other blocks open.

    Args:
        tasks: of a compilation, in order.
        edges: of a compilation; -1 is an input or output of the model.
        groups: of the compilation; None finds them, which takes a while for a large one.
    """

    def __init__(
        self, tasks: pl.DataFrame, edges: pl.DataFrame, groups: Sequence[Group] | None = None
    ) -> None:
        self._names = tasks["name"].to_list()
        self._groups = found_in(tasks, edges) if groups is None else groups
        self._tree = Tree(self._groups, self._names)
        ends = edges.select("source", "target").to_numpy()
        self._fed = ends[(ends[:, 0] < 0) & (ends[:, 1] >= 0), 1]
        inside = (ends >= 0).all(axis=1)
        self._ends = ends[inside]
        carries = edges.select("source", "tensor", "shape", "format", "bytes")
        self._carries = carries.filter(pl.Series(inside))

    def elements(self, opened: Sequence[str] = (), direction: str = "down") -> list[Element]:
        """Boxes, frames and edges.

        Args:
            opened: ids of folded blocks to draw open, the last one opened last; the oldest fold
                again when the drawing would pass `MOST_ELEMENTS`.  "-" before the id of a block
                that is open from the start folds it.
            direction: "down" or "right".
        """
        count = len(self._names)
        if count <= WHOLE and count + len(np.unique(self._ends, axis=0)) <= WHOLE:
            boxes = framed(self._names, (), self._groups)
            return self._draw(boxes, self.carried(boxes), direction)
        for skip in range(len(opened) + 1):
            blocks = folded(self._tree, opened[skip:])
            inner = self.carried(blocks)
            frames = {b.frame for b in blocks} - {""}  # a frame is a box, a name and a sum
            if len(blocks) + 3 * len(frames) + len(inner) > MOST_ELEMENTS and skip < len(opened):
                continue  # counted, because placing as many takes a second
            found = self._draw(blocks, inner, direction, quick=True)
            if len(found) <= MOST_ELEMENTS:
                break
        return found

    def carried(self, blocks: Sequence[Block]) -> dict[tuple[int, int], Tensors]:
        """(box, box) -> what goes from one to the other, sorted; a box's own edges are left out."""
        box = _box_of(blocks)[self._ends]
        between = np.flatnonzero(box[:, 0] != box[:, 1])
        rows = zip(box[between].tolist(), self._carries[between].iter_rows(), strict=True)
        found: dict[tuple[int, int], dict[tuple[int, str], tuple[str, int | None]]] = {}
        for (a, b), (source, tensor, shape, form, size) in rows:
            text = f"{shape or ''} {form or ''}".strip()
            found.setdefault((a, b), {})[source, tensor] = text, size
        return {
            pair: Tensors(*max(rows.values(), key=lambda row: row[1] or -1), len(rows))
            for pair, rows in sorted(found.items())
        }

    def _draw(
        self,
        blocks: Sequence[Block],
        inner: Mapping[tuple[int, int], Tensors],
        direction: str,
        quick: bool = False,
    ) -> list[Element]:
        ends = list(inner)
        fed = _fed(len(blocks), ends, set(_box_of(blocks)[self._fed].tolist()))
        frames = [b.frame for b in blocks]
        placed = place(len(blocks), ends, None, frames, fed, direction, quick)
        nodes = [_node(k, b, placed) for k, b in enumerate(blocks)]
        ids = [_id(b) for b in blocks]
        lines = [
            _edge(e, ids[a], ids[b], a, b, placed, inner[a, b]) for e, (a, b) in enumerate(ends)
        ]
        return [*_frames(blocks, self._tree, placed), *nodes, *lines]


def _box_of(blocks: Sequence[Block]) -> np.ndarray:
    """The number of the box that each task is in."""
    sizes = [len(b.tasks) for b in blocks]
    found = np.empty(sum(sizes), np.int64)
    tasks = np.fromiter((i for b in blocks for i in b.tasks), np.int64, found.size)
    found[tasks] = np.repeat(np.arange(len(blocks)), sizes)
    return found


def _fed(count: int, edges: Sequence[tuple[int, int]], roots: Collection[int]) -> list[bool]:
    fed = [i in roots for i in range(count)]
    for a, b in sorted(edges):
        fed[b] = fed[b] or fed[a]
    return fed


def _node(k: int, block: Block, placed: Placed) -> Element:
    x, y = placed.points[k]
    many = len(block.tasks) > 1
    label = block.label if len(block.label) <= 17 else block.label[:15] + "…"
    counted = many and "#" not in block.id and "×" not in label
    data: dict[str, Any] = {
        "id": _id(block),
        "label": f"{label} · {len(block.tasks)}" if counted else label,
        "name": block.label,
        "block": block.id,
        "tasks": list(block.tasks),
    }
    classes = "box block" if many else "box"
    if block.copies:
        data["copies"] = [list(copy) for copy in block.copies]
        classes += " stack"
    return {
        "data": data,
        "position": {"x": round(x, 1), "y": round(y, 1)},
        "classes": classes,
        "grabbable": False,
    }


def _id(block: Block) -> str:
    """Stable over folding and opening, so that a box keeps its state."""
    return f"b{block.id}" if block.id else f"t{block.tasks[0]}"


def _edge(
    e: int, source: str, target: str, a: int, b: int, placed: Placed, tensors: Tensors
) -> Element:
    route, (out, into) = placed.routes[e], placed.ends[e]
    data: dict[str, Any] = {"id": f"{source}>{target}", "source": source, "target": target}
    data |= {"tensor": tensors.text, "bytes": tensors.bytes}
    if tensors.count > 1:
        data["count"] = tensors.count
    data["out"], data["in"] = SIDES[out], SIDES[into]
    classes = ["edge"]
    if abs(placed.rank[a] - placed.rank[b]) > 1:
        classes.append("skip")
    if route:
        (ax, ay), (bx, by) = placed.points[a], placed.points[b]
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy or 1.0
        weights, distances = [], []
        for x, y in route:
            weights.append(round(((x - ax) * dx + (y - ay) * dy) / square, 4))
            distances.append(round((-(x - ax) * dy + (y - ay) * dx) / square**0.5, 1))
        data["weights"] = " ".join(map(str, weights))
        data["distances"] = " ".join(map(str, distances))
        classes.append("routed")
    return {"data": data, "classes": " ".join(classes)}


def _frames(blocks: Sequence[Block], tree: Tree, placed: Placed) -> list[Element]:
    """Dashed frames, one per scope and column, only where nothing foreign lies inside."""
    members: dict[tuple[str, int], list[int]] = {}
    for k, block in enumerate(blocks):
        if block.frame:
            members.setdefault((block.frame, placed.column[k]), []).append(k)
    found: list[Element] = []
    taken: list[tuple[float, float, float, float]] = []
    for (name, _), inside in sorted(members.items(), key=lambda item: -len(item[1])):
        xs = [placed.points[k][0] for k in inside]
        ys = [placed.points[k][1] for k in inside]
        box = (
            min(xs) - BOX[0] / 2 - 8,
            min(ys) - BOX[1] / 2 - 21,
            max(xs) + BOX[0] / 2 + 8,
            max(ys) + BOX[1] / 2 + 7,
        )
        foreign = any(
            box[0] - BOX[0] / 2 < x < box[2] + BOX[0] / 2
            and box[1] - BOX[1] / 2 < y < box[3] + BOX[1] / 2
            for k, (x, y) in enumerate(placed.points)
            if k not in inside
        )
        crossed = any(
            box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken
        )
        if foreign or crossed or len(found) >= 3 * MAX_FRAMES:
            continue
        taken.append(box)
        boxes = [blocks[k] for k in inside]
        found += _frame(len(taken), name, tree.title(name, boxes), box, boxes)
    return found


def _frame(
    n: int, block: str, title: str, box: tuple[float, float, float, float], inside: list[Block]
) -> list[Element]:
    """A frame is three elements: the dashed box, its name, and its sum on the right."""
    width, height = box[2] - box[0], box[3] - box[1]
    room = int((width - 58) / 5.8)
    if len(title) > room:
        title = "…" + title[-(room - 1) :]
    tasks = [i for b in inside for i in b.tasks]
    middle = {"x": (box[0] + box[2]) / 2, "y": (box[1] + box[3]) / 2}
    common = {"selectable": False, "grabbable": False}
    return [
        {
            "data": {"id": f"f{n}", "width": width, "height": height, "frame": block},
            "position": middle,
            "classes": "frame",
            **common,
        },
        {
            "data": {"id": f"f{n}t", "label": title, "frame": block},
            "position": {"x": box[0] + 7, "y": box[1] + 10},
            "classes": "title",
            **common,
        },
        {
            "data": {"id": f"f{n}s", "label": "", "tasks": tasks},
            "position": {"x": box[2] - 7, "y": box[1] + 10},
            "classes": "sum",
            **common,
        },
    ]


def stylesheet(scheme: str) -> list[Element]:
    """The look of the drawing in one colour scheme ("light" or "dark")."""
    t = tokens(scheme)

    def rule(selector: str, **style: Any) -> Element:
        return {"selector": selector, "style": {k.replace("_", "-"): v for k, v in style.items()}}

    text = {"font_family": "Inter, sans-serif", "font_size": 11, "min_zoomed_font_size": 5}
    return [
        rule("core", active_bg_opacity=0, selection_box_color=t["accent"],
             selection_box_opacity=0.12, selection_box_border_width=1,
             selection_box_border_color=t["accent"]),
        rule("node", overlay_opacity=0),
        rule("node.box", shape="round-rectangle", width=BOX[0], height=BOX[1],
             background_color=t["seq-0"], border_width=1, border_color=t["line"],
             label="data(label)", color=t["seq-ink-0"], text_valign="center",
             text_halign="center", text_wrap="ellipsis", text_max_width=BOX[0] - 10, **text),
        *(
            rule(f"node.s{k}", background_color=t[f"seq-{k}"], color=t[f"seq-ink-{k}"],
                 border_color=t[f"seq-{min(k + 1, STEPS - 1)}"], border_opacity=0.6)
            for k in range(STEPS)
        ),
        rule("node.unknown", background_color=t["surface"], color=t["muted"],
             border_style="dashed", border_color=t["budget"], border_opacity=1),
        rule("node.block", font_weight=600, ghost="yes", ghost_offset_x=3, ghost_offset_y=3,
             ghost_opacity=0.3),
        rule("node.stack", ghost_offset_x=6, ghost_offset_y=6, ghost_opacity=0.4),
        rule("node.frame", shape="round-rectangle", width="data(width)", height="data(height)",
             background_opacity=0, border_width=1, border_style="dashed",
             border_color=t["faint"], border_opacity=0.55, events="no", z_index=0),
        rule("node.title", width=1, height=1, background_opacity=0, border_width=0,
             label="data(label)", color=t["muted"], text_halign="right", text_valign="center",
             font_family="Inter, sans-serif", font_size=10.5, min_zoomed_font_size=6,
             events="no"),
        rule("node.sum", width=1, height=1, background_opacity=0, border_width=0,
             label="data(label)", color=t["faint"], text_halign="left", text_valign="center",
             font_family="Inter, sans-serif", font_size=10.5, min_zoomed_font_size=6,
             events="no"),
        rule("edge", width=1, line_color=t["edge"], target_arrow_color=t["edge"],
             target_arrow_shape="triangle", arrow_scale=0.75, curve_style="straight",
             source_endpoint="data(out)", target_endpoint="data(in)", overlay_opacity=0,
             z_index=1),
        rule("edge.routed", curve_style="unbundled-bezier", edge_distances="node-position",
             control_point_weights="data(weights)", control_point_distances="data(distances)"),
        rule("edge.skip", width=1.5, line_color=t["skip"], target_arrow_color=t["skip"]),
        rule("node.out", opacity=0.28),
        rule("edge.out", opacity=0.18),
        rule("node.near", border_width=2, border_color=t["muted"], border_opacity=1),
        rule("edge.near", width=2, line_color=t["muted"], target_arrow_color=t["muted"]),
        rule("node.cursor", border_width=2, border_color=t["ink"], border_opacity=1),
        rule("node.chosen", border_width=3, border_style="solid", border_color=t["accent"],
             border_opacity=1, outline_width=3, outline_color=t["accent-ground"],
             outline_opacity=1),
    ]  # fmt: skip
