"""Hold a compressed file against the model that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.data import Samples, samples
from engine.compress.runner import Arrays, Runner, batches
from engine.compress.statistics import entropy
from engine.errors import EngineError
from engine.formats import Network

SOME = 16  # made-up samples where the user brings none
OVERFLOW = 0.05  # difference of an optimized run, as a share of the outputs, that is no rounding


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Args:
        name: what; met: whether it holds, None where it is only a figure.
        figure: its value; words: as a person reads it.
    """

    name: str
    met: bool | None
    figure: float
    words: str


def verify(base: bytes, working: bytes, packed: bytes, given: Samples | None) -> tuple[Check, ...]:
    """Check a packed file: by the standard, by running it, against the model before.

    Args:
        base: the model before compression.
        working: the compressed model, dense.
        packed: the same, packed.
        given: samples; None: made-up ones, which say nothing of accuracy.

    Raises:
        EngineError: one of the files breaks the standard or does not run.
    """
    Network(packed).check()
    checks = [Check("standard", True, 1.0, "The file follows the ONNX standard.")]
    data = given or invented(base)
    found = list(batches(data.inputs, Network(base).inputs))
    before, dense, after = (Runner(m).over(found) for m in (base, working, packed))
    plain = Runner(packed, optimized=False).over(found)
    same = all(_bits(dense[k]) == _bits(after[k]) for k in dense)
    words = "the same bits as" if same else "other numbers than"
    checks.append(Check("packed", same, float(same), f"Packed, it makes {words} the dense model."))
    finite = all(np.isfinite(a).all() for a in after.values() if a.dtype.kind == "f")
    words = "All outputs are numbers." if finite else "Outputs hold NaN or infinity."
    checks.append(Check("finite", finite, float(finite), words))
    off = distance(plain, after)
    checks.append(Check("overflow", off <= OVERFLOW, off,
                        "Optimized and plain runs agree." if off <= OVERFLOW else
                        "Optimized runs differ: 8-bit products overflow on this processor; use "
                        "7-bit weights."))  # fmt: skip
    gap = distance(before, after)
    checks.append(Check("distance", None, gap,
                        f"Outputs moved by {100 * gap:.3g} % (root mean square)."))  # fmt: skip
    pairs = ((before[k], after[k]) for k in before)
    scores = next((p for p in pairs if p[0].ndim == 2 and p[0].shape[1] > 1), None)
    if scores is not None and given is not None:
        checks += _predictions(*scores)
    return tuple(checks)


def _predictions(before: NDArray[Any], after: NDArray[Any]) -> list[Check]:
    agree = float(np.mean(before.argmax(axis=1) == after.argmax(axis=1)))
    classes, was = (len(np.unique(a.argmax(axis=1))) for a in (after, before))
    alive = classes > 1 or was <= 1
    entropy = spread(after)
    return [
        Check("agreement", None, agree, f"{100 * agree:.3g} % of the predictions are the same."),
        Check("alive", alive, entropy,
              f"It predicts {classes} classes, {was} before." if alive else
              f"It is dead: it predicts one class for everything, {was} before."),
    ]  # fmt: skip


def spread(scores: NDArray[Any]) -> float:
    """Entropy of how often each class is predicted, in bits; 0 for a model that has collapsed.

    Accuracy cannot tell: one class of ten for everything is right in a tenth of the cases, and
    the divergence from the base may even fall.

    Args:
        scores: [samples, classes].
    """
    return entropy(np.bincount(scores.argmax(axis=1)) / len(scores))


def distance(before: Mapping[str, NDArray[Any]], after: Mapping[str, NDArray[Any]]) -> float:
    """Root of the mean square difference of outputs, as a share of the first's."""
    gap = whole = 0.0
    for name, one in before.items():
        other = after.get(name)
        if other is None or other.shape != one.shape:
            raise EngineError("an output has other sizes than before", name[:200])
        gap += float(((other.astype(np.float64) - one) ** 2).sum())
        whole += float((one.astype(np.float64) ** 2).sum())
    return (gap / whole) ** 0.5 if whole else float(gap > 0)


def invented(model: bytes, seed: int = 0) -> Samples:
    """Made-up samples that a model takes: noise, and zeros and ones where it reads integers."""
    random = np.random.default_rng(seed)
    arrays: Arrays = {}
    sizes = Network(model).inputs
    fixed = [d[0] for _, d in sizes.values() if d and isinstance(d[0], int)]
    count = max(1, fixed[0]) if fixed else SOME
    for name, (dtype, dims) in sizes.items():
        shape = (count, *(d if isinstance(d, int) and d > 0 else 1 for d in dims[1:]))
        shape = shape[: len(dims)]
        if dtype.startswith("float"):
            arrays[name] = random.standard_normal(shape).astype(dtype)
        else:
            arrays[name] = random.integers(0, 2, shape).astype(dtype or "int64")
    return samples(model, arrays)


def _bits(array: NDArray[Any]) -> tuple[Any, bytes]:
    return (array.dtype.str, array.shape), array.tobytes()
