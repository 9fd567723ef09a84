"""Selections of the original's files whose comparison was recorded, and what is natural to select.

Ids are spelled by rule, so that no file need be copied here.
"""

from __future__ import annotations

from engine import experiments
from engine.experiments import Experiment

STUDY = "imagenet_models_userstudy_part1.json"
CIFAR = "cifar10_image_classification_models.json"
ROOT = "resnet50trained"
MAGNITUDE = [f"{ROOT}-magnitudepruning{n}_compressed" for n in (50, 75, 90)]
GRADIENT = [f"{ROOT}-gradientpruning{n}_compressed" for n in (50, 75, 90)]
RETRAINED = [f"{m}-retrained" for m in MAGNITUDE]
NINE = [m + end for m in MAGNITUDE for end in ("", "-retrained", "-recalibrated")]
MAG70 = "resnet20trained-magnitudepruning70_compressed"


def below(found: Experiment, id: str) -> list[str]:
    """A model and all its descendants."""
    rows = [found.rows[id]]
    for row in rows:
        rows += found.forest.children[row]
    return [found.models[r].id for r in rows]


def above(found: Experiment, row: int) -> list[str]:
    """A model and all its ancestors, the root first."""
    rows = [row]
    while found.forest.parent[rows[-1]] >= 0:
        rows.append(found.forest.parent[rows[-1]])
    return [found.models[r].id for r in reversed(rows)]


def deepest(found: Experiment) -> list[str]:
    return above(found, max(range(len(found.models)), key=found.forest.depth.__getitem__))


def first_prunes(found: Experiment) -> list[str]:
    """The prunes of the trained model."""
    trained = found.forest.children[found.forest.roots[0]][0]
    steps = {k: found.models[k].operation for k in found.forest.children[trained]}
    return [found.models[k].id for k, s in steps.items() if s and s.name == "Prune"]


def natural(found: Experiment, most: int = 16) -> list[tuple[str, ...]]:
    """What people select with one gesture: children, ancestors, descendants, columns; 2 to `most`.

    The same set of models counts once.
    """
    made: list[list[str]] = []
    for k in range(len(found.models)):
        children = [found.models[c].id for c in found.forest.children[k]]
        own = found.models[k].id
        made += [children, [own, *children], above(found, k), below(found, own)]
    for by in ("operation", "step"):
        for column in experiments.layout(found, by=by).columns:
            made.append([found.models[r].id for r in column.rows])
    sets = dict.fromkeys(tuple(sorted(set(m))) for m in made)
    return [s for s in sets if 2 <= len(s) <= most]
