"""Addresses: `View` <-> path and query, both ways, and nowhere else.

A view is all that a link, a reload or a test needs to open the same screen.  `parse` never fails:
what it does not understand becomes the default, because an address may come from anyone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlencode

MODELS = "/"
TARGETS = "/targets"
USAGE = "/usage"
USAGE_CSV = "/api/usage.csv"
DIFF = "/diff"
MODEL = "/model/<model_id>"  # the path template of the model page

OPERATORS = ("gt", "ge", "lt", "le", "eq", "ne", "has")
DOCKS = ("graph", "histograms", "scatter", "timeline", "roofline", "composition", "code")
SHOWS = ("blocks", "all")  # the two modes of the graph
DIRECTIONS = ("down", "right")
LOGS = ("", "x", "y", "xy")  # axes of the scatter plot that are logarithmic
PARTS = ("kernel", "unit", "format", "group")  # what the composition divides the model by
MAX_SELECTED = 100_000  # ids that an address may name; more is not a person's selection
MAX_TEXT = 200  # characters of a search or a condition's value
MAX_ITEMS = 50  # conditions and bindings
MAX_NUMBER = 2**31 - 1

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_TARGET = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter chip: column, operator of `OPERATORS`, value.

    Args:
        column: column of the task table, in its own unit (`latency_s` in seconds).
        operator: "gt" > "ge" >= "lt" < "le" <= "eq" = "ne" ≠, "has": contains the text.
        value: number, or text.
    """

    column: str
    operator: str
    value: float | str


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows.

    Args:
        model_id: the model; "" on the list of models.
        target: id of the target; "" the default one.
        fps: frame rate in 1/s; None the target's own.
        preset: id of a preset; "" the baseline.
        analysis: id of a saved analysis; at: the checkpoint of it that is shown, "" its draft.
        vs: id of the checkpoint that figures are compared with; "" the baseline.
        bindings: (symbolic size, value) pairs, sorted by name.
        selection: selected task ids, ascending.
        search: text searched in names and ids.
        conditions: filters, all of which hold.
        colour: metric that colours the graph.
        sort: column to sort by; a leading "-" sorts downwards; "" the default order.
        dock: what the right dock shows, of `DOCKS`.
        show: mode of the graph, of `SHOWS`; direction: where it runs, of `DIRECTIONS`.
        x, y: metrics of the scatter plot; log: its logarithmic axes, of `LOGS`.
        by: what the composition divides by, of `PARTS`.
        recipe: text of the recipe in use, "" none; against: of the one that figures are compared
            with.  Neither is part of an address: `preset`, `analysis`, `at` and `vs` lead to them.
    """

    model_id: str = ""
    target: str = ""
    fps: float | None = None
    preset: str = ""
    bindings: tuple[tuple[str, int], ...] = ()
    selection: tuple[int, ...] = ()
    search: str = ""
    conditions: tuple[Condition, ...] = ()
    colour: str = "latency_s"
    sort: str = ""
    dock: str = "graph"
    show: str = "blocks"
    direction: str = "down"
    x: str = "macs"
    y: str = "latency_s"
    log: str = "xy"
    by: str = "kernel"
    analysis: str = ""
    at: str = ""
    vs: str = ""
    recipe: str = ""
    against: str = ""


# query key -> (field, what it may be; None: a column), for the fields that are left out of an
# address when they are the default
CHOICES: Mapping[str, tuple[str, Sequence[str] | None]] = {
    "colour": ("colour", None),
    "dock": ("dock", DOCKS),
    "show": ("show", SHOWS),
    "dir": ("direction", DIRECTIONS),
    "x": ("x", None),
    "y": ("y", None),
    "log": ("log", LOGS),
    "by": ("by", PARTS),
}


def path(view: View) -> str:
    """The path of a view: the list of models, or one model."""
    return f"/model/{quote(view.model_id, safe='')}" if view.model_id else MODELS


def build(view: View) -> str:
    """The address of a view, defaults left out."""
    query: list[tuple[str, str]] = []
    for key, value in (
        ("target", view.target), ("preset", view.preset), ("analysis", view.analysis),
        ("at", view.at), ("vs", view.vs), ("q", view.search),
    ):  # fmt: skip
        if value:
            query.append((key, value))
    if view.fps is not None:
        query.append(("fps", number(view.fps)))
    query += [("bind", f"{value}:{name}") for name, value in view.bindings]
    if view.selection:
        query.append(("sel", ranges(view.selection)))
    for c in view.conditions:
        value = f"t{c.value}" if isinstance(c.value, str) else f"n{number(c.value)}"
        query.append(("where", f"{c.column}.{c.operator}.{value}"))
    if view.sort:
        query.append(("sort", view.sort))
    for key, (field, _) in CHOICES.items():
        if getattr(view, field) != getattr(View(), field):
            query.append((key, getattr(view, field)))
    return path(view) + ("?" + urlencode(query) if query else "")


def parse(address: str) -> View:
    """The view of an address ("/model/x?target=y"); anything odd falls back to its default."""
    pathname, _, search = address.partition("?")
    found = re.match(r"/model/([^/]+)/?\Z", pathname)
    try:
        query = parse_qs(search, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        query = {}
    return from_query(unquote(found.group(1)) if found else "", query)


def from_query(model_id: str, query: Mapping[str, object]) -> View:
    """The view of what Dash hands to a page: path variable, and query as text or lists of text."""
    given = {key: texts(value) for key, value in query.items()}

    def one(key: str) -> str:
        return (given.get(key) or ("",))[-1]

    return View(
        model_id=_match(_ID, model_id),
        target=_match(_TARGET, one("target")),
        fps=_fps(one("fps")),
        preset=_match(_TARGET, one("preset")),
        analysis=_match(_ID, one("analysis")),
        at=_match(_ID, one("at")),
        vs=_match(_ID, one("vs")),
        bindings=_bindings(given.get("bind", ())),
        selection=selection(one("sel")),
        search=printable(one("q")),
        conditions=tuple(_conditions(given.get("where", ())[:MAX_ITEMS])),
        sort=one("sort") if _match(_COLUMN, one("sort").removeprefix("-")) else "",
        **{
            field: one(key)
            for key, (field, known) in CHOICES.items()
            if key in given and (one(key) in known if known else _match(_COLUMN, one(key)))
        },
    )


def texts(value: object) -> tuple[str, ...]:
    """What a key of a query was given: text, or several."""
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, Sequence) else ()


def _match(pattern: re.Pattern[str], text: object) -> str:
    return text if isinstance(text, str) and pattern.match(text) else ""


def printable(text: str) -> str:
    """Text of a tolerable length, without control and surrogate characters."""
    return "".join(c for c in text[:MAX_TEXT] if c.isprintable())


def number(value: float) -> str:
    """A number as short as it can be written in an address."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _fps(text: str) -> float | None:
    value = _float(text)
    return value if value is not None and 0 < value <= 1e6 else None


def _bindings(texts: Iterable[str]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for text in tuple(texts)[:MAX_ITEMS]:
        value, _, name = text.partition(":")
        if re.fullmatch(r"[0-9]{1,10}", value) and 0 < int(value) <= MAX_NUMBER and printable(name):
            found[printable(name)] = int(value)
    return tuple(sorted(found.items()))


def _conditions(texts: Iterable[str]) -> Iterable[Condition]:
    for text in texts:
        column, operator, value = [*text.split(".", 2), "", ""][:3]
        if not _match(_COLUMN, column) or operator not in OPERATORS or not value:
            continue
        number = _float(value[1:]) if value[0] == "n" else None
        if number is not None:
            yield Condition(column, operator, number)
        elif value[0] == "t":
            yield Condition(column, operator, printable(value[1:]))


def ranges(ids: Sequence[int]) -> str:
    """Ascending ids as "3-7.9": a selection of thousands stays a short address."""
    runs: list[list[int]] = []
    for i in sorted(set(ids)):
        if runs and i == runs[-1][1] + 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ".".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def is_column(text: str) -> bool:
    """Whether a text may be the name of a column."""
    return bool(_match(_COLUMN, text))


def selection(text: str) -> tuple[int, ...]:
    """The ids of a text that `ranges` wrote, ascending."""
    return tuple(sorted(set(numbers(text)[0])))


def numbers(text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """(ids of a text as it names them, the parts of it that name none).

    Ids and ranges stand between dots, as `ranges` writes them, or commas, as a person may.
    """
    found: dict[int, None] = {}
    odd = []
    for part in re.split("[.,]", text) if len(text) <= 1_000_000 else ():
        pair = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", part.strip())
        first, last = (int(pair[1]), int(pair[2] or pair[1])) if pair else (1, 0)
        if first <= last and last - first + len(found) < MAX_SELECTED:
            found.update(dict.fromkeys(range(first, last + 1)))
        elif part.strip():
            odd.append(part.strip())
    return tuple(found), tuple(odd)
