"""What can be compared: models as their files are, their analyses, and checkpoints of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import engine
from dashboard.queries import default_target
from dashboard.queries.analyses import checked
from dashboard.urls import View
from engine.errors import EngineError
from engine.store import ModelRow, Store

ANALYSIS, CHECKPOINT = "analysis:", "checkpoint:"  # before the id, in an address and a choice
MOST_ANALYSES, MOST_CHECKPOINTS = 200, 30  # offered of all models; of each analysis


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared.

    Args:
        name: for people, short.
        view: the model, its target and recipe.
    """

    name: str
    view: View


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice with its name, in the group of its model."""

    group: str
    value: str
    label: str


def offers(store: Store) -> tuple[Offer, ...]:
    """All that can be chosen, by model: the file, then each analysis with its checkpoints."""
    kept: dict[str, list[Offer]] = {}
    rows = store.models()
    names = {row.id: cut(row.name) for row in rows}
    for analysis in store.analyses.list()[-MOST_ANALYSES:]:
        group = names.get(analysis.model_id, "")
        kept.setdefault(analysis.model_id, []).extend(
            [
                Offer(group, ANALYSIS + analysis.id, f"{cut(analysis.name)} (draft)"),
                *(
                    Offer(group, CHECKPOINT + point.id, f"{cut(analysis.name)} · {cut(point.name)}")
                    for point in store.analyses.checkpoints(analysis.id)[-MOST_CHECKPOINTS:]
                ),
            ]
        )
    return tuple(offer for row in rows for offer in _of(row, kept.get(row.id, [])))


def _of(row: ModelRow, kept: list[Offer]) -> Iterator[Offer]:
    yield Offer(cut(row.name), row.id, cut(row.name) if not kept else f"{cut(row.name)} (file)")
    yield from kept


def target_of(store: Store, choice: str) -> str:
    """The target that a choice is for: an analysis's own, else the usual one."""
    try:
        if choice.startswith((ANALYSIS, CHECKPOINT)):
            id = choice.partition(":")[2]
            if choice.startswith(CHECKPOINT):
                id = store.analyses.checkpoint_of(id).analysis_id
            found = store.analyses.get(id).target
            if found in {t.id for t in engine.targets()}:
                return found
    except EngineError:
        pass
    return default_target()


def side(store: Store, choice: str, target: str, preset: str) -> Side:
    """A choice as a view.

    Args:
        store: where models and analyses are.
        choice: a model's id, or that of an analysis or checkpoint behind its prefix.
        target: id of the target.
        preset: id of a preset in place of the recipe of the choice; "" keeps that.

    Raises:
        EngineError: there is no such model, analysis, checkpoint or preset, or its recipe cannot
            be read.
    """
    recipe, note, bindings = "", "", {}
    model = choice
    if choice.startswith((ANALYSIS, CHECKPOINT)):
        id = choice.partition(":")[2]
        point = store.analyses.checkpoint_of(id) if choice.startswith(CHECKPOINT) else None
        row = store.analyses.get(point.analysis_id if point else id)
        text = point.recipe if point else store.analyses.draft(row.id).recipe
        recipe, model = checked(text, point.name if point else row.name), row.model_id
        note, bindings = point.name if point else row.name, dict(row.bindings)
    if preset:
        found = engine.preset(preset)
        recipe, note = engine.write_recipe(found.recipe), found.label
    name = cut(store.model(model).name) + (f", {cut(note)}" if note else "")
    view = View(model_id=model, target=target, recipe=recipe,
                bindings=tuple(sorted(bindings.items())))  # fmt: skip
    return Side(name, view)


def cut(name: str) -> str:
    """A name that fits a field: its beginning and its end, where versions are told apart."""
    return name if len(name) <= 22 else f"{name[:11]}…{name[-9:]}"
