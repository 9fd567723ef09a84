"""The table of modules: bars and figures of each model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import aria, count, data, percent
from dashboard.figures import layer_bars
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.layer_rows import ROWS, SHORT, Line, Rows, about, faults, figure, key_of
from dashboard.queries.layers import Side
from dashboard.urls_layers import LayersView
from engine.experiments import Experiment as Found
from engine.layers import KEYS, Module, Sums

HEIGHT = 24  # px of the bars of a row
WIDE, NARROW = 4, 3  # px of a bar, of few and of many models
FEW = 1  # models beside the base with wide bars


def table(view: LayersView, found: Found, ready: Sequence[Side], told: Rows) -> html.Table:
    """The table of a view.

    Args:
        view: what is shown.
        found: the experiment.
        ready: the models, the base first.
        told: the rows.
    """
    keys = [_base_keys(view), *(told.keys for _ in ready[1:])]
    return html.Table(
        [
            html.Thead([_names(found, ready, keys), _heads(view, ready, keys)]),
            html.Tbody([_row(view, ready, keys, line, told.flat) for line in told.lines]),
        ],
        className="compare-table layers-rows",
        role="treegrid",
        **aria(label="Layers", rowcount=str(told.count)),
    )


def _base_keys(view: LayersView) -> tuple[str, ...]:
    return ("sparsity",) if view.show == "sparsity" else ("change",)


def _names(found: Found, ready: Sequence[Side], keys: Sequence[Sequence[str]]) -> html.Tr:
    cells = [html.Th("", className="layers-name"), html.Th("")]
    for k, side in enumerate(ready):
        name = recipe_words(found, side.row)
        cells.append(
            html.Th(
                [html.Span(name, className="layers-model", title=found.models[side.row].id),
                 *([html.Span("base", className="badge")] if k == 0 else [])],
                colSpan=1 + len(keys[k]), scope="colgroup",
                className="layers-head" + (" layers-base" if k == 0 else ""),
            )
        )  # fmt: skip
    return html.Tr(cells)


def _heads(view: LayersView, ready: Sequence[Side], keys: Sequence[Sequence[str]]) -> html.Tr:
    cells = [html.Th("Module", className="layers-name", scope="col"),
             html.Th("Numbers", className="n", scope="col")]  # fmt: skip
    for k, side in enumerate(ready):
        what = "Share" if view.show == "sparsity" else "Values"
        cells.append(html.Th(what, scope="col", className="layers-first"))
        cells += [_head(view, side.row, key, k == 0) for key in keys[k]]
    return html.Tr(cells)


def _head(view: LayersView, row: int, key: str, base: bool) -> html.Th:
    """A figure whose press orders the rows: the most changed first, then the least, then none."""
    text = {"change": "Mean size", "sparsity": "Zeros"}[key] if base else SHORT[key]
    here = view.by == row and key == key_of(view)
    state = ("ascending" if view.up else "descending") if here else "none"
    mark = {"ascending": " ▲", "descending": " ▼", "none": ""}[state]
    after = {"none": f"-{row}", "descending": f"{row}", "ascending": ""}[state]
    said = {"none": "the most changed first", "descending": "the least changed first",
            "ascending": "the tree again"}[state]  # fmt: skip
    button = html.Button(
        text + mark, className="link", title=f"{KEYS[key]}. Order: {said}",
        **data(sort=after, key=key),
    )  # fmt: skip
    return html.Th(button, scope="col", className="n", **aria(sort=state))


def _row(
    view: LayersView, ready: Sequence[Side], keys: Sequence[Sequence[str]], line: Line, flat: bool
) -> html.Tr:
    module = line.module
    state = {} if flat or not line.below else aria(expanded=str(line.opened).lower())
    cells: list[Any] = [
        html.Th(_name(line, flat, module), scope="row", className="layers-name"),
        html.Td(f"{module.size:,}", className="n figure muted", title=about(module)),
    ]
    every = module.sums if view.bins == "layer" and module.leaf else module.whole
    top = layer_bars.scale(every)
    bar = WIDE if len(ready) - 1 <= FEW else NARROW
    for k in range(len(ready)):
        cells.append(html.Td(_drawn(view, every, k, top, bar), className="layers-first"))
        for key in keys[k]:
            text, why = figure(module, k, key)
            tone = " muted" if text in ("–", "same", "NaN") else ""
            cells.append(html.Td(text, className=f"n figure{tone}", title=why or None))
    return html.Tr(
        cells, tabIndex=-1, **state, **aria(level=str(line.depth + 1)),
        **data(row=str(line.id), name=module.name),
    )  # fmt: skip


def _name(line: Line, flat: bool, module: Module) -> html.Div:
    arrow: Any = html.Span(className="layers-arrow")
    if line.below and not flat:
        title = "Fold" if line.opened else "Unfold"
        arrow = html.Button("▸", className="icon layers-arrow", tabIndex=-1, title=title,
                            **data(fold=str(line.id)))  # fmt: skip
    parts: list[Any] = [html.Span(line.text, className="layers-text", title=module.name)]
    bad = next(filter(None, map(faults, module.sums)), "")
    if bad:
        parts.append(html.Span(bad, className="badge worse", title="Left out of all figures"))
    what = module.role if module.leaf else count(module.tensors, "tensor")
    parts.append(html.Span(what, className="muted layers-size", title=about(module)))
    indent = {"paddingLeft": f"{14 * min(line.depth, 12)}px"}
    return html.Div([arrow, *parts], style=indent, className="layers-cell")


def _drawn(
    view: LayersView, every: Sequence[Sums | None], k: int, top: float, bar: int
) -> Any:  # fmt: skip
    sums = every[k]
    if sums is None:
        return html.Span("not in this model", className="muted")
    if not sums.sound:
        return html.Span("NaN only", className="worse")
    if view.show == "sparsity":
        return zeros(sums, k == 0)
    return drawn(sums, k == 0, top, bar, HEIGHT)


def drawn(sums: Sums, base: bool, top: float, bar: int, height: int) -> html.Div:
    """Bars as shapes cut out of coloured grounds, so that they follow the colour scheme."""
    made = layer_bars.bars(sums, base, top, bar, height)
    shapes = [html.I(className="own" if base else f"p{k}", style=_cut(path))
              for k, path in enumerate(made.parts) if path]  # fmt: skip
    shapes += [html.I(className=kind, style=_cut(path))
               for kind, path in (("out", made.outside), ("gap", made.cut)) if path]  # fmt: skip
    size = {"width": layer_bars.width(bar), "height": height}
    return html.Div(shapes, className="layers-bars", style=size, title=_said(sums, base, made.cut))


def _cut(path: str) -> dict[str, str]:
    return {"clipPath": f'path("{path}")'}


def _said(sums: Sums, base: bool, cut: str) -> str:
    low, high = (f"{e:.3g}" for e in (sums.low, sums.high))
    told = f"{sums.sound:,} numbers from {low} to {high}"
    if not base:
        outside = int(sums.table[0].sum() + sums.table[-1].sum())
        share = float(sums.table[:, -1].sum()) / sums.sound
        told += f"; {percent(share)} changed by their own size or more"
        told += f"; {outside:,} outside the base's range" if outside else ""
    return (told + "; the bar with a gap is higher" if cut else told).replace("-", "−")


def zeros(sums: Sums, base: bool) -> html.Div:
    """Shares of zeros: in both, in the model only, in the base only."""
    if base:
        shares = [("own", sums.zeros, "zero")]
    else:
        shares = [
            ("both", sums.both_zeros, "zero in both"),
            ("new", sums.zeros - sums.both_zeros, "zero in the model only"),
            ("back", sums.base_zeros - sums.both_zeros, "zero in the base only: grown again"),
        ]
    parts = [html.I(className=kind, style={"width": f"{100 * n / sums.sound:.3f}%"},
                    title=f"{percent(n / sums.sound)} {words}")
             for kind, n, words in shares if n]  # fmt: skip
    words = ", ".join(f"{percent(n / sums.sound)} {text}" for _, n, text in shares)
    return html.Div(parts, className="layers-zeros", role="img", **aria(label=words))


def pages(told: Rows) -> list[Any]:
    """Which rows these are, and the way to the others."""
    last = max(0, (told.count - 1) // ROWS)
    first = told.page * ROWS
    if not last:
        return []
    return [
        html.Span(f"{first + 1:,}–{min(told.count, first + ROWS):,} of {told.count:,} rows",
                  className="muted"),
        html.Button("Previous", className="button", disabled=told.page == 0,
                    **data(page=str(told.page - 1))),
        html.Button("Next", className="button", disabled=told.page >= last,
                    **data(page=str(told.page + 1))),
    ]  # fmt: skip
