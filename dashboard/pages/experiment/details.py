"""Compare with fewer than two models: the figures of one, or what every step did on average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from dashboard.components import change, data, significant
from dashboard.queries.experiment_compare import OperationEffect, effects
from dashboard.queries.experiment_one import places, slack
from dashboard.queries.experiment_words import Shown, recipe_words, shown
from engine.experiments import Effect
from engine.experiments import Experiment as Found

MOST_SELECTED = 2_000  # models that a press on an operation selects
SAME = 1e-9  # in page units: a smaller change is none


def of_one(found: Found, row: int, ask: Mapping[str, Any]) -> list[Any]:
    """One model: every primary metric with its change from base and root, its room, its place.

    Args:
        found: the experiment.
        row: of the model.
        ask: bounds and charts of the page.
    """
    forest = found.forest
    base, root = forest.parent[row], forest.root[row]
    others = [(name, k) for name, k in (("base", base), ("root", root)) if k >= 0 and k != row]
    if len(others) == 2 and base == root:
        others = others[:1]
    model = found.models[row]
    lines = []
    for spec in found.primary:
        how = shown(spec, found.frame[spec.column].to_list())
        value = found.frame[spec.column][row]
        cells = [html.Td(how.text(value), className="n figure")]
        for _, other in others:
            before = found.frame[spec.column][other]
            if value is None or before is None:
                cells.append(html.Td("–", className="n muted"))
                continue
            text, share = change(value, before)
            better = (share > 0) == (spec.direction == "higher")
            tone = ("better" if better else "worse") if text and spec.direction else "muted"
            cells.append(html.Td(text or "same", className=f"n {tone}"))
        lines.append(html.Tr([html.Th(spec.name, scope="row"), *cells]))
    heads = [html.Th(f"from the {name}", className="n") for name, _ in others]
    told = [part for part in (model.id, model.author, model.time) if part]
    return [
        html.Div(
            [
                html.P(html.B(recipe_words(found, row)), className="compare-words"),
                html.P(" · ".join(told), className="muted compare-words"),
            ],
            className="compare-head",
        ),
        html.Table(
            [
                html.Thead(html.Tr([html.Th("Metric"), html.Th("Value", className="n"), *heads])),
                html.Tbody(lines),
            ],
            className="compare-table",
        ),
        *_standing(found, row, ask),
        html.P("Select two or more models to see how they differ.", className="muted"),
    ]


def _standing(found: Found, row: int, ask: Mapping[str, Any]) -> list[Any]:
    """The room within each bound, and the place in each chart."""
    tones = {True: "better", False: "worse", None: "muted"}
    lines = [
        html.Li([one.bound, ": ", html.B(one.room, className=tones[one.met])])
        for one in slack(found, row, ask)
    ]
    for one in places(found, row, ask):
        link = []
        if one.better is not None:
            name = one.better_name
            link = [html.Button(name, className="link", title=name, **data(ids=str(one.better)))]
        lines.append(html.Li([one.words, *link]))
    return [html.Ul(lines, className="standing")] if lines else []


def of_none(found: Found) -> list[Any]:
    """What each step did to quality and cost, over all models that it was applied to."""
    how, made = effects(found)
    prompt = html.P(
        "Select models to see how they differ. Meanwhile, what each step did to the models it was "
        "applied to: the median change, and how far the changes reach.",
        className="compare-words",
    )
    if not made:
        return [html.Div(html.P("Select models to see how they differ."), className="compare-head")]
    lines = [
        html.Tr(
            [
                html.Th(_operation(effect), scope="row"),
                html.Td(f"{effect.count:,}", className="n figure"),
                *(td for h, m in zip(how, effect.by_metric, strict=True) for td in _median(h, m)),
            ]
        )
        for effect in made
    ]
    heads = [html.Th(text, className="n") for h in how for text in (h.header, "reach")]
    return [
        html.Div(prompt, className="compare-head"),
        html.Table(
            [
                html.Thead(html.Tr([html.Th("Step"), html.Th("Models", className="n"), *heads])),
                html.Tbody(lines),
            ],
            className="compare-table",
        ),
    ]


def _operation(effect: OperationEffect) -> html.Button:
    """Its name; a press selects the models that it made."""
    rows = sorted(effect.by_metric[0].cases["row"].to_list()[:MOST_SELECTED])
    name, ids = effect.operation, ",".join(map(str, rows))
    return html.Button(
        name, className="link", title=f"{name}: select what it made", **data(ids=ids)
    )


def _median(how: Shown, effect: Effect) -> list[html.Td]:
    """The median of the changes, and how far they reach."""
    if effect.median is None or effect.low is None or effect.high is None:
        return [html.Td("unknown", className="n muted"), html.Td()]
    title = f"{effect.known:,} changes are known"
    if effect.better is not None:
        title = f"Better in {effect.better:,} of {effect.known:,}"
    tone, page = "muted", effect.median * how.scale
    if how.spec.direction and abs(page) >= SAME:
        tone = "better" if (effect.median > 0) == (how.spec.direction == "higher") else "worse"
    text = "same"
    if abs(page) >= SAME:
        text = f"{'▲' if page > 0 else '▼'} {significant(abs(page))}"
    reach = ""
    if effect.known > 1 and effect.low < effect.high:
        reach = f"{_signed(how, effect.low)} to {_signed(how, effect.high)}"
    return [
        html.Td(text, className=f"n figure {tone}", title=title),
        html.Td(reach, className="n figure muted", title=title),
    ]


def _signed(how: Shown, value: float) -> str:
    page = value * how.scale
    return "0" if abs(page) < SAME else f"{'+' if value > 0 else '−'}{significant(abs(page), 2)}"
