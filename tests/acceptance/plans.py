"""What the person of Talaria's scenario wants (section 6 of the paper), and what the engine says.

Moira has a U-Net of 42.68 ms and 34 ms to spend.  int8 everywhere saves 16 %, too little; int8 on
the twelve slowest convolutions meets the budget.  Whether a model has that shape is a matter of
the hardware, so `survey` asks every target of the catalogue; none was touched for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import engine
from engine.compile import Compilation
from engine.recipe import Recipe, Rule
from tests.acceptance import corpus
from tests.acceptance.line import NotRun

PAPER = 34 / 42.68  # the budget of the paper as a share of the baseline
PAPER_BLUNT = 35.83 / 42.68  # and what int8 everywhere leaves of it
INT8 = engine.preset("int8").recipe.rules[0].action
CLEAR = 0.005  # of the baseline: less is no difference that a person would act on


@dataclass(frozen=True, slots=True)
class Plan:
    """A model, and which tasks the person suspects.

    Args:
        id: of the line.
        model: name of the export.
        target: id of a target; "" the first of the catalogue on which the plan pays off.
        search: what is typed into the search box.
        above: least latency in s that the filter of the column asks for; 0: no filter.
        leave: int8 on all other tasks; False: int8 on these.
        wider: kernel class of which these are a part; what int8 on all of it does is told too.
    """

    id: str
    model: str
    target: str
    search: str
    above: float = 0.0
    leave: bool = False
    wider: str = ""

    def tasks(self, made: Compilation) -> tuple[int, ...]:
        """The tasks that search and filter leave, by the engine's own table."""
        rows = engine.resolve(made).tasks
        named = zip(made.tasks["name"], made.tasks["kernel"], rows["latency_s"], strict=False)
        return tuple(
            i
            for i, (name, kernel, latency) in enumerate(named)
            if (self.search in name.replace("/", ".") or kernel == self.search)
            and (latency or 0) > self.above
        )

    def recipe(self, made: Compilation) -> Recipe:
        """What the person ends with."""
        return Recipe((Rule(INT8, self.chosen(made)),))

    def chosen(self, made: Compilation) -> tuple[int, ...]:
        """The tasks that become int8."""
        found = self.tasks(made)
        return _but(made, found) if self.leave else found


PLANS = (
    Plan("1a", "unet_v1", "phone-npu", "conv", 100e-6),
    Plan("1b", "unet_v1", "", "stem.norm1", leave=True),
    Plan("1c", "vit_s16", "", "mlp.fc", wider="gemm"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A model on a target, in seconds: as it is, int8 everywhere, the best targeted recipe."""

    target: str
    label: str
    base: float
    blunt: float
    targeted: float

    @property
    def shown(self) -> bool:
        """Whether some budget exists that int8 everywhere misses and targeted edits meet."""
        return self.targeted < min(self.base, self.blunt) - CLEAR * self.base

    @property
    def papers(self) -> bool:
        """The same, at the budget of the paper."""
        return self.blunt > PAPER * self.base >= self.targeted


def file(model: str) -> Path:
    """The export of a model.

    Raises:
        NotRun: it is not here.
    """
    found = [path for path in corpus.exports() if corpus.name(path) == model]
    if not found:
        raise NotRun(f"{model} is not among the exports.")
    return found[0]


def compilations(model: str) -> Iterator[tuple[str, Compilation]]:
    """(label of the target, the model compiled to it) for every target of the catalogue."""
    graph = engine.read(file(model))
    for target in engine.targets():
        yield target.label, engine.compile_model(graph, target)


def survey(plan: Plan, free: bool = False) -> tuple[Shape, ...]:
    """How a model stands on every target.

    Args:
        plan: whose recipe is the targeted one.
        free: the best of many in its place: int8 on so many of the slowest tasks with weights,
            and on all tasks but one.
    """
    found = []
    for label, made in compilations(plan.model):
        base, blunt = latency(made, Recipe()), latency(made, engine.preset("int8").recipe)
        tries = _tries(made) if free else iter((plan.recipe(made),))
        targeted = [t for t in (latency(made, recipe) for recipe in tries) if t is not None]
        if base is not None and blunt is not None and targeted:
            found.append(Shape(made.target, label, base, blunt, min(targeted)))
    return tuple(found)


def latency(made: Compilation, recipe: Recipe) -> float | None:
    """Of the whole model, s; None unknown."""
    return engine.resolve(made, recipe).totals.latency_s


def limit(plan: Plan, shape: Shape) -> float:
    """The budget in s: the paper's share where the plan names its target, else one between."""
    if plan.target:
        return float(f"{PAPER * shape.base:.3g}")
    return float(f"{(min(shape.base, shape.blunt) + shape.targeted) / 2:.3g}")


def _tries(made: Compilation) -> Iterator[Recipe]:
    rows = engine.resolve(made).tasks["latency_s"]
    weighted = [i for i, n in enumerate(made.tasks["weight_bytes"]) if n]
    slow = sorted(weighted, key=lambda i: -(rows[i] or 0))
    for k in range(1, len(slow) + 1):
        yield Recipe((Rule(INT8, tuple(sorted(slow[:k]))),))
    for i in range(len(made.tasks)):
        yield Recipe((Rule(INT8, _but(made, (i,))),))


def _but(made: Compilation, tasks: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(i for i in range(len(made.tasks)) if i not in tasks)
