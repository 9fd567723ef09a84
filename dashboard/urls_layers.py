"""Addresses of the page Layers: `LayersView` <-> query, both ways, as in `urls_experiment.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from dashboard import urls
from dashboard.urls_experiment import ExperimentView, path

LAYERS = "/experiments/<experiment_id>/layers"  # the path template
SHOWS = ("sparsity", "weights", "activations")
BINS = ("layer", "all")
MOST = 12  # models beside the base, of those that are there
NAME = 400  # characters of a layer's name


@dataclass(frozen=True, slots=True)
class LayersView:
    """What the page shows.

    Args:
        experiment_id: whose models.
        models: rows of the models that are compared, without the base.
        base: row of the base; None: the nearest model that all of them come from.
        show: of `SHOWS`.
        bins: bars over the range of each layer, or one range for "all".
        key: figure that stands beside the bars; "" the usual one.
        by: row of the model whose figure orders the layers; None keeps the tree.
        up: whether the least is first.
        search: pattern that names must match.
        opened: numbers of the modules that are unfolded.
        page: from 0.
        layer: name of the selected layer.
    """

    experiment_id: str = ""
    models: tuple[int, ...] = ()
    base: int | None = None
    show: str = "weights"
    bins: str = "layer"
    key: str = ""
    by: int | None = None
    up: bool = False
    search: str = ""
    opened: tuple[int, ...] = ()
    page: int = 0
    layer: str = ""


def build(view: LayersView) -> str:
    """The address of a view, defaults left out."""
    usual = LayersView()
    query: list[tuple[str, str]] = [("models", ".".join(map(str, view.models)))]
    if view.base is not None:
        query.append(("base", str(view.base)))
    for name in ("show", "bins", "key"):
        if getattr(view, name) != getattr(usual, name):
            query.append((name, getattr(view, name)))
    if view.by is not None:
        query.append(("sort", f"{'' if view.up else '-'}{view.by}"))
    if view.search:
        query.append(("q", view.search))
    if view.opened:
        query.append(("open", urls.ranges(view.opened)))
    if view.page:
        query.append(("page", str(view.page + 1)))
    if view.layer:
        query.append(("layer", view.layer))
    whose = path(ExperimentView(experiment_id=view.experiment_id))
    return f"{whose}/layers?{urlencode(query)}"


def from_query(experiment_id: str, query: Mapping[str, object]) -> LayersView:
    """The view of what Dash hands to a page; what cannot be understood becomes the default."""
    given = {key: (urls.texts(value) or ("",))[-1] for key, value in query.items()}

    def one(key: str, known: tuple[str, ...], usual: str) -> str:
        return given.get(key, "") if given.get(key) in known else usual

    sort = given.get("sort", "")
    base, page = row(given.get("base", "")), row(given.get("page", ""))
    models = urls.numbers(given.get("models", ""))[0]
    return LayersView(
        experiment_id=urls.from_query(experiment_id, {}).model_id,
        models=tuple(m for m in models if m != base)[: 10 * MOST],
        base=base,
        show=one("show", SHOWS, "weights"),
        bins=one("bins", BINS, "layer"),
        key=given.get("key", "") if urls.is_column(given.get("key", "")) else "",
        by=row(sort.removeprefix("-")),
        up=row(sort) is not None,
        search=urls.printable(given.get("q", "")),
        opened=urls.selection(given.get("open", "")),
        page=max(0, (page or 1) - 1),
        layer="".join(c for c in given.get("layer", "")[:NAME] if c.isprintable()),
    )


def asked(experiment_id: str, sent: object) -> LayersView:
    """The view that a browser sent, as `asdict` writes one; nothing of it is trusted."""
    held = sent if isinstance(sent, Mapping) else {}

    def numbers(name: str) -> str:
        many = held.get(name)
        whole = many if isinstance(many, list | tuple) else ()
        return ".".join(str(v) for v in whole[:10_000])

    by, page = held.get("by"), held.get("page")
    return from_query(
        experiment_id,
        {
            "models": numbers("models"), "open": numbers("opened"), "base": str(held.get("base")),
            "sort": "" if by is None else f"{'' if held.get('up') else '-'}{by}",
            "page": str(page + 1 if isinstance(page, int) else 1),
            "q": str(held.get("search") or ""), "layer": str(held.get("layer") or ""),
            **{name: str(held.get(name)) for name in ("show", "bins", "key")},
        },
    )  # fmt: skip


def left_out(query: Mapping[str, object], count: int) -> tuple[tuple[str, ...], int]:
    """(models that an address names and that are not there, how many are beyond the most).

    Args:
        query: as `from_query` gets it.
        count: models that are there.
    """
    given = {key: (urls.texts(query.get(key)) or ("",))[-1] for key in ("models", "base")}
    rows, odd = urls.numbers(given["models"])
    base, beside = row(given["base"]), [r for r in rows if r < count]
    gone = [str(r) for r in rows if r >= count] + [urls.printable(text) for text in odd]
    if given["base"] and (base is None or base >= count):
        gone.append(urls.printable(given["base"]))
    return tuple(gone), max(0, sum(r != base for r in beside) - MOST)


def row(text: str) -> int | None:
    """A number of a row as an address has it; None is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
