"""How selected models differ, as records: variables, and what chart can show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.experiments.layout import ordered
from engine.experiments.model import Value, plain

View = Literal["bars", "grouped", "multiples", "table", "replicates", "none"]
Kind = Literal["parameter", "presence", "operation", "sequence", "root", "count", "recipe"]


@dataclass(frozen=True, slots=True)
class Variable:
    """Something in which the models differ.

    Args:
        name: of a parameter, an operation, or what was joined.
        kind: what it is made of.
        cells: one value a model, in the order of `Comparison.rows`; None: it does not apply.
        values: the different values in the order of the axis.
    """

    name: str
    kind: Kind
    cells: tuple[Value, ...]
    values: tuple[Value, ...]

    @property
    def numeric(self) -> bool:
        """All its values are numbers, None aside: they can stand on a scale."""
        real = [v for v in self.values if v is not None]
        return bool(real) and all(
            isinstance(v, (int, float)) and not isinstance(v, bool) for v in real
        )

    @property
    def joined(self) -> bool:
        """Made of several others."""
        return self.kind == "sequence"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the models of a selection differ.

    Args:
        rows: the models, in the order of the experiment.
        variables: that explain the difference: first the x axis, then the colour, then the facet.
        raw: everything in which they differ, for narrowing the selection.
        view: "bars" (x), "grouped" (x, colour), "multiples" (x, colour, facet), "table" (a row a
            model), "replicates" (nothing differs), "none" (only with `compat`).
        sentence: what is drawn and why.
        base: row of the nearest model that all were made from, or that is one of them; -1: none.
        complete: models that differ stand in different cells; else some share one.
        bounded: the search was cut short.
    """

    rows: tuple[int, ...]
    variables: tuple[Variable, ...]
    raw: tuple[Variable, ...]
    view: View
    sentence: str
    base: int = -1
    complete: bool = True
    bounded: bool = False

    @property
    def charted(self) -> bool:
        """One chart for each metric shows it all."""
        return self.view in {"bars", "grouped", "replicates"}


def key(value: Value) -> tuple[bool, Value]:
    """Equal for equal values only: 1 and True are two."""
    return isinstance(value, bool), value


def distinct(cells: Sequence[Value]) -> list[Value]:
    """The different values as they come."""
    return list({key(v): v for v in cells}.values())


def variable(
    name: str, kind: Kind, cells: Sequence[Value], order: Sequence[Value] = ()
) -> Variable:
    """A variable whose values are in a natural order: nothing, numbers, text; or in a given one."""
    found = list(order) or sorted(distinct(cells), key=ordered)
    return Variable(name, kind, tuple(cells), tuple(found))


def shown(value: Value) -> str:
    """A value on an axis: presence reads yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value)
