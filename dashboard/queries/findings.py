"""What stands out in models, as pages show it: figures, where it is seen, what may help.

Behaviors are looked at on the spot; layers only where small files are compared at once or a job
has compared them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.queries.behaviors import Desk
from dashboard.queries.experiment_words import quality_of, recipe_words, shown
from dashboard.queries.layers import LayerQueries, Side
from dashboard.queries.remedies import Cure, cure, steps_to
from dashboard.urls_behaviors import search
from dashboard.urls_layers import LayersView, build
from engine.experiments import Experiment
from engine.layers import Finding, no_remedy, remedies
from engine.store import ChildRow, ExperimentRow, Role, Store

MOST = 3  # classes of a model that are named


@dataclass(frozen=True, slots=True)
class Told:
    """A finding of a model.

    Args:
        key: names it among those that are shown; experiment: id.
        row: of the model; model: its name; base: row of what it is compared with.
        finding: what was found.
        cures: what may help, the best first.
        none: why nothing is offered; "" where something is.
        ways: (words, query of this page) to what shows it; pages: (words, address) elsewhere.
        quality: name of the metric and value of the model, of each child that a cure made.
    """

    key: str
    experiment: str
    row: int
    model: str
    base: int
    finding: Finding
    cures: tuple[Cure, ...] = ()
    none: str = ""
    ways: tuple[tuple[str, str], ...] = ()
    pages: tuple[tuple[str, str], ...] = ()
    quality: tuple[str, str, tuple[str, ...]] = ("", "", ())


def may_start(store: Store, row: ExperimentRow) -> bool:
    """Whether the one who asks may start jobs in an experiment."""
    return store.sharing.role("experiment", row.id) >= Role.EDITOR


class FindingQueries:
    """The queries of one app about findings.

    Args:
        store: where jobs and files are.
        layers: what is known of layers.
    """

    def __init__(self, store: Store, layers: LayerQueries) -> None:
        self._store, self._layers = store, layers

    def of_behaviors(self, desk: Desk, children: Sequence[ChildRow]) -> list[Told]:
        """What stands out in the models of a desk, those that lie at the root of it first.

        Args:
            desk: what the page looks at.
            children: what jobs make of the experiment.
        """
        if desk.asking is None:
            return []
        told: list[Told] = []
        for k, at in enumerate(desk.ready):
            if not k:
                continue
            seen = desk.asking.found(k)
            side = self._side(desk, at, quick=bool(seen))
            deep = side.findings if side is not None else ()
            for finding in (*seen[:MOST], *deep):
                one = self._told(desk.row, desk.found, children, desk.order[0], at, finding, side)
                told.append(replace(one, ways=_ways(desk, at, finding),
                                    pages=_pages(desk, at, finding, deep)))  # fmt: skip
        return _keyed(told)

    def of_layers(
        self, row: ExperimentRow, found: Experiment, children: Sequence[ChildRow],
        view: LayersView, sides: Sequence[Side],
    ) -> list[Told]:  # fmt: skip
        """What stands out in the layers of models.

        Args:
            row: of the experiment.
            found: its models.
            children: what jobs make of them.
            view: of `layers.complete`.
            sides: of the view.
        """
        known = {s.row: s for s in sides}
        return _keyed([
            self._told(row, found, children, view.base or 0, at, finding, known.get(at))
            for at, finding in self._layers.findings(row, found, view, sides)
        ])  # fmt: skip

    def _told(
        self, row: ExperimentRow, found: Experiment, children: Sequence[ChildRow], base: int,
        at: int, finding: Finding, side: Side | None,
    ) -> Told:  # fmt: skip
        made = steps_to(found, base, at)
        deep = side.findings if side is not None else ()
        compared = side.compared if side is not None else None
        offered = remedies(finding, made, deep, compared)
        cures = tuple(cure(self._store, row, found, children, at, one) for one in offered)
        none = "" if offered else no_remedy(finding, made)
        return Told("", row.id, at, recipe_words(found, at), base, finding, cures, none,
                    quality=_quality(found, at, cures))  # fmt: skip

    def _side(self, desk: Desk, at: int, quick: bool) -> Side | None:
        """The layers of a model beside the base; None where they are not known."""
        view = LayersView(desk.row.id, (at,), desk.order[0])
        sides = self._layers.sides(desk.row, desk.found, view, quick)
        side = sides[1]
        if sides[0].state == "none" or side.state != "ready":
            return None
        deep = self._layers.findings(desk.row, desk.found, view, sides)
        return replace(side, findings=tuple(f for _, f in deep))


def _keyed(told: Sequence[Told]) -> list[Told]:
    """Each with a key that stays its own while others come and go."""
    keys: dict[str, int] = {}
    made = []
    for one in told:
        name = f"{one.row}.{one.finding.kind}"
        keys[name] = keys.get(name, -1) + 1
        made.append(replace(one, key=f"{name}.{keys[name]}"))
    return made


def _quality(found: Experiment, at: int, cures: Sequence[Cure]) -> tuple[str, str, tuple[str, ...]]:
    spec = quality_of(found)
    if spec is None:
        return ("", "", ("",) * len(cures))
    values = found.frame[spec.column].to_list()
    how = shown(spec, values)

    def text(row: int) -> str:
        return how.text(values[row]) if row >= 0 and values[row] is not None else ""

    return spec.name, text(at), tuple(text(c.child) for c in cures)


def _ways(desk: Desk, at: int, finding: Finding) -> tuple[tuple[str, str], ...]:
    """Views of the page that show a finding."""
    plain = replace(desk.view, bounds=(), inside="", by=at, up=False, page=1, sheet="", of=0)
    if finding.kind == "harmed":
        name = finding.where[0]
        classes = replace(plain, rows="classes", relative=True, metric=_change(desk))
        inside = replace(classes, rows="instances", inside=name)
        return (("All classes by change", search(classes)),
                (f"The instances of {name}", search(inside)))  # fmt: skip
    if finding.kind in ("collapsed", "ruined"):
        plain = replace(plain, by=None, rows="classes", of=at)
        sheets = {
            "What it says of each class": "confusion",
            "How its predictions changed": "changes",
        }
        return tuple((words, search(replace(plain, sheet=s))) for words, s in sheets.items())
    return ()


def _change(desk: Desk) -> str:
    """The metric that a harmed class is found by."""
    assert desk.asking is not None
    known = [m.id for m in desk.asking.given.measures]
    return next(n for n in ("correctness", "error_difference", desk.measure.id) if n in known)


def _pages(
    desk: Desk, at: int, finding: Finding, deep: Sequence[Finding]
) -> tuple[tuple[str, str], ...]:
    """Where the layers of a model are seen."""
    view = LayersView(desk.row.id, (at,), desk.order[0], by=at)
    if finding in deep:
        return tuple((name, build(replace(view, layer=name))) for name in finding.where)
    return (("Its layers by change", build(view)),)
