"""How good a model is on samples, and how it differs from the model that it was made from.

Every figure has a 95 % interval: samples are drawn again, with replacement, by one fixed seed, and
the base is drawn along with the model, so that a change is surer than the two figures alone.
Compression hides where accuracy does not look: figures of each class, predictions that moved, and
how many classes are still predicted stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.compress.data import Samples
from engine.compress.runner import predictions
from engine.compress.statistics import Floats, Rows, class_rows, number_rows, resampled, wilson
from engine.errors import EngineError

Kind = Literal["classes", "numbers"]
DEAD = 0.1  # spread of predictions, as a share of the labels' own, below which a model is dead
MOST_CLASSES = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval.

    Args:
        label: words for it; value: what was found; low, high: the interval.
        unit: "share", "points" (a change of a share, as a share), "nats", "bits" or "" (of the
            outputs themselves).
        better: "higher", "lower" or "" where neither is.
    """

    label: str
    value: float
    low: float
    high: float
    unit: str = ""
    better: Literal["higher", "lower", ""] = ""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How good a model is on one class.

    Args:
        label: number of the class; count: samples of it.
        recall: share of them that are found, with its interval low, high (Wilson).
        precision: share of right ones among what is called so; NaN where nothing is.
        f1: harmonic mean of both; base_recall: of the model before, NaN without one.
    """

    label: int
    count: int
    recall: float
    low: float
    high: float
    precision: float
    f1: float
    base_recall: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found.

    Args:
        kind: "classes" (scores of classes) or "numbers" (regression).
        output: name of the output that was judged; count: samples.
        figures: id -> figure: accuracy, f1, worst_class, spread, agreement, kl, accuracy_change;
            or mean_absolute, root_mean_square, explained, distance.
        classes: class by class; () without labels.
        right_to_wrong, wrong_to_right, moved: predictions against the base's: -1 where not known.
        dead: (nearly) one class is predicted for everything.
    """

    kind: Kind
    output: str
    count: int
    figures: Mapping[str, Figure]
    classes: tuple[ClassFigures, ...] = ()
    right_to_wrong: int = -1
    wrong_to_right: int = -1
    moved: int = -1
    dead: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The findings as sentences."""
        return _words(self)


# id -> label, unit, which is better
_LABELS: Mapping[str, tuple[str, str, Literal["higher", "lower", ""]]] = {
    "accuracy": ("Accuracy", "share", "higher"),
    "f1": ("F1, mean of classes", "share", "higher"),
    "worst_class": ("Worst class", "share", "higher"),
    "spread": ("Spread of predictions", "bits", ""),
    "agreement": ("Agreement with the base", "share", "higher"),
    "kl": ("KL from the base", "nats", "lower"),
    "accuracy_change": ("Change of accuracy", "points", "higher"),
    "mean_absolute": ("Mean absolute error", "", "lower"),
    "root_mean_square": ("Root mean square error", "", "lower"),
    "explained": ("Explained variance (R²)", "share", "higher"),
    "distance": ("Distance from the base", "share", "lower"),
}


def evaluate(
    model: bytes, samples: Samples, base: bytes | None = None, output: str = "", seed: int = 0,
    rounds: int = 1000,
) -> Evaluation:  # fmt: skip
    """Judge a model on samples, and beside the model before.

    Args:
        model: bytes of an ONNX file.
        samples: with labels or targets to say what is right; without, only the base is a measure.
        base: bytes of the model before.
        output: name of the output; "" takes the first that can be judged.
        seed: of the intervals.
        rounds: draws for them.

    Raises:
        EngineError: the model does not run, no output fits the labels or targets, or there is
            nothing to judge by.
    """
    if samples.labels is None and samples.targets is None and base is None:
        raise EngineError("there is nothing to judge by", "data", "labels, targets, or a base")
    made = predictions(model, samples.inputs)
    before = None if base is None else predictions(base, samples.inputs)
    name, values = judged_output(made, output, samples)
    other = None
    if before is not None:
        if name not in before or _flat(before[name]).shape != values.shape:
            raise EngineError("the base has no such output of this size", name[:200])
        other = _flat(before[name])
    as_classes = samples.targets is None and values.ndim == 2 and values.dtype.kind == "f"
    rows = (
        class_rows(_scores(values), None if other is None else _scores(other), samples.labels)
        if as_classes
        else number_rows(values, other, samples.targets)
    )
    bounds = resampled(rows, seed, rounds)
    figures = {
        # a draw holds fewer different samples: a worst or a spread of it lies to one side
        id: Figure(
            _LABELS[id][0],
            value,
            min(bounds[id][0], value),
            max(bounds[id][1], value),
            *_LABELS[id][1:],
        )
        for id, value in rows.figures(None).items()
    }
    if not as_classes:
        return Evaluation("numbers", name, len(values), figures)
    return _of_classes(name, values, rows, figures, other is not None)


def _of_classes(
    name: str, values: NDArray[Any], rows: Rows, figures: dict[str, Figure], compared: bool
) -> Evaluation:
    counts = rows.counts
    spread, usual = figures["spread"].value, rows.usual
    return Evaluation(
        "classes", name, len(values), figures, _classes(rows),
        counts.get("right_to_wrong", -1), counts.get("wrong_to_right", -1),
        counts["moved"] if compared else -1, usual > 0 and spread < DEAD * usual,
    )  # fmt: skip


def _classes(rows: Rows) -> tuple[ClassFigures, ...]:
    if rows.table is None:
        return ()
    found = []
    for label, (count, called, hit, before) in enumerate(rows.table.tolist()):
        if not count and not called:
            continue
        low, high = wilson(hit, count)
        recall, precision = _share(hit, count), _share(hit, called)
        found.append(
            ClassFigures(label, int(count), recall, low, high, precision,
                         _share(2 * hit, count + called), _share(before, count))
        )  # fmt: skip
    return tuple(found)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def judged_output(
    made: Mapping[str, NDArray[Any]], wanted: str, samples: Samples
) -> tuple[str, NDArray[Any]]:
    """The output that is judged, one row a sample: (its name, [samples, …]).

    Args:
        made: outputs by name.
        wanted: name of the one to judge; "" takes the first that fits.
        samples: with labels or targets that it must fit.

    Raises:
        EngineError: no such output, none fits, or a label is out of range.
    """
    if wanted and wanted not in made:
        raise EngineError("no such output", wanted[:200], f"one of {', '.join(made)}"[:300])
    for name, array in made.items():
        if wanted and name != wanted:
            continue
        flat = _flat(array)
        if len(flat) != samples.count or flat.dtype.kind not in "fiub":
            continue
        if samples.targets is not None:
            if flat.size != samples.targets.size:
                continue
            return name, flat.reshape(len(flat), -1).astype(np.float64)
        if samples.labels is not None:
            top = int(samples.labels.max(initial=0))
            row = sum(s > 1 for s in array.shape[1:]) <= 1  # a map holds no scores of classes
            if not row or flat.dtype.kind != "f" or flat.shape[1] > MOST_CLASSES:
                continue
            if max(flat.shape[1], 2) <= top:
                raise EngineError("a label is out of range", "data, labels",
                                  f"0 to {max(flat.shape[1], 2) - 1}", str(top))  # fmt: skip
        return name, flat
    what = (
        "the targets" if samples.targets is not None
        else "the labels" if samples.labels is not None else "the samples, a row each"
    )  # fmt: skip
    sizes = ", ".join(f"{n} {'×'.join(map(str, a.shape))}" for n, a in made.items())[:200]
    raise EngineError(f"no output of the model fits {what}", "data",
                      f"{samples.targets.size} numbers" if samples.targets is not None else
                      "an output of [samples, classes]" if samples.labels is not None else
                      f"an output of [{samples.count}, …]", sizes)  # fmt: skip


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """[samples, …] without axes of one element behind the second."""
    keep = [s for i, s in enumerate(array.shape) if i < 2 or s != 1]
    made = array.reshape(keep)
    return made.reshape(len(made), -1) if made.ndim != 2 else made


def _scores(values: NDArray[Any]) -> Floats:
    """Probabilities of classes: as they are, or by softmax; one score alone is that of class 1."""
    scores = values.astype(np.float64)
    if scores.shape[1] == 1:
        inside = (scores >= 0).all() and (scores <= 1).all()
        one = scores if inside else 1 / (1 + np.exp(-np.clip(scores, -700, 700)))
        return np.concatenate([1 - one, one], axis=1)
    if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        return scores
    scores = np.nan_to_num(scores, nan=-1e30)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _words(e: Evaluation) -> tuple[str, ...]:
    said = []
    for figure in e.figures.values():
        words = {"share": " %", "points": " points"}
        scale = 100 if figure.unit in words else 1
        unit = words.get(figure.unit, f" {figure.unit}".rstrip())
        low, high = figure.low * scale, figure.high * scale
        said.append(f"{figure.label}: {figure.value * scale:.4g}{unit} ({low:.4g} to {high:.4g}).")
    if e.moved >= 0:
        of = f", {e.right_to_wrong} from right to wrong and {e.wrong_to_right} from wrong to right"
        said.append(f"{e.moved} of {e.count} predictions moved"
                    f"{of if e.right_to_wrong >= 0 else ''}.")  # fmt: skip
    worst = min(e.classes, key=lambda c: c.recall if c.count else 2, default=None)
    if worst is not None and worst.count:
        before = "" if np.isnan(worst.base_recall) else f", {100 * worst.base_recall:.3g} % before"
        said.append(f"Worst is class {worst.label}: {100 * worst.recall:.3g} % of its "
                    f"{worst.count} samples are found{before}.")  # fmt: skip
    if e.dead:
        said.append("The model is dead: it predicts one class for nearly everything.")
    return tuple(said)
