"""What an operation is: its name, its parameters with their ranges, and what came of it.

A form, a command line and a check of what the browser sent are all drawn from these records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import EngineError

Kind = Literal["share", "int", "choice", "flag", "names"]
Value = float | int | str | bool | tuple[str, ...]
MAX_NAMES, MAX_NAME = 10_000, 1100


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of an operation's form.

    Args:
        name: key of the value.
        kind: "share" (number in a range), "int", "choice", "flag", or "names" (globs).
        label: words beside the field.
        help: one sentence on what it does.
        default: value when none is given.
        low, high, step: range of a number; `high` itself is allowed.
        choices: words of a choice, with the label of each.
    """

    name: str
    kind: Kind
    label: str
    help: str
    default: Value
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    choices: tuple[tuple[str, str], ...] = ()

    def checked(self, value: Any, where: str) -> Value:
        """The value if it is one that the parameter can take.

        Raises:
            EngineError: it is not.
        """
        where = f"{where}, {self.name}"
        if self.kind == "flag":
            if isinstance(value, bool):
                return value
            raise EngineError("is not yes or no", where, "true or false", repr(value)[:60])
        if self.kind == "choice":
            words = [word for word, _ in self.choices]
            if isinstance(value, str) and value in words:
                return value
            raise EngineError("no such choice", where, f"one of {', '.join(words)}",
                              repr(value)[:60])  # fmt: skip
        if self.kind == "names":
            return _names(value, where)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not self.low <= value <= self.high:
            raise EngineError("out of range", where, f"{self.low:g} to {self.high:g}",
                              repr(value)[:60])  # fmt: skip
        if self.kind == "int":
            if int(value) != value:
                raise EngineError("is not a whole number", where, found=repr(value)[:60])
            return int(value)
        return float(value)


def _names(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.replace("\n", ",").split(",")
    if not isinstance(value, list | tuple) or len(value) > MAX_NAMES:
        raise EngineError("is not a list of names", where, f"at most {MAX_NAMES} names")
    if not all(isinstance(v, str) and len(v) <= MAX_NAME for v in value):
        raise EngineError("holds what is no name", where, "text such as layers.*.conv1")
    return tuple(v.strip() for v in value if v.strip())


@dataclass(frozen=True, slots=True)
class Operation:
    """A step from a model to its child.

    Args:
        id: word of files and addresses.
        label: what a person calls it.
        family: "quantize", "prune", "palettize", "repair" or "restore".
        help: one sentence.
        parameters: fields of its form, in their order.
        data: whether it needs samples: "none", "inputs" or "labels".
        base: whether it needs the model that this one was made from.
        short: a word of it, for the head of a narrow column.
    """

    id: str
    label: str
    family: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    data: Literal["none", "inputs", "labels"] = "none"
    base: bool = False
    short: str = ""

    def filled(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """All parameters, with defaults where none is given.

        Raises:
            EngineError: an unknown parameter or a value out of range.
        """
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                raise EngineError("no such parameter", f"{self.id}, {str(name)[:60]}",
                                  f"one of {', '.join(known)}")  # fmt: skip
        return {
            n: p.checked(given[n], self.id) if n in given else p.default for n, p in known.items()
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one weight.

    Args:
        tensor: its name in the file; layer: the node that reads it.
        what: in words ("50 % zeros").
        zeros: share of zeros now; distinct: number of different values, 0 where not counted.
        error: ‖after − before‖ / ‖before‖; None where the sizes changed.
    """

    tensor: str
    layer: str
    what: str
    zeros: float
    distinct: int = 0
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A model that an operation made.

    Args:
        model: bytes of the ONNX file.
        changes: weight by weight.
        notes: sentences on what was left alone, and why.
    """

    model: bytes
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


AMOUNT = Parameter("amount", "share", "Share removed", "Share of the weights that become zero.",
                   0.5, 0.0, 0.99, 0.05)  # fmt: skip
ONLY = Parameter("only", "names", "Only these layers",
                 "Names of layers or weights, * for any text; empty: all.", ())  # fmt: skip
SKIP = Parameter("skip", "names", "Leave out", "Names of layers or weights that stay as they are.",
                 ())  # fmt: skip
FIRST = Parameter("keep_first", "flag", "Keep the first layer",
                  "Layers that read the input of the model stay as they are.", False)  # fmt: skip
LAST = Parameter("keep_last", "flag", "Keep the last layer",
                 "Layers that make the output of the model stay as they are.", False)  # fmt: skip
DEPTHWISE = Parameter("keep_depthwise", "flag", "Keep depthwise layers",
                      "Convolutions that filter each channel alone stay as they are: they are "
                      "small and much depends on them.", False)  # fmt: skip
NORMS = Parameter("include_norms", "flag", "Include norms and biases",
                  "Scales and shifts go into the same pool; usually harmful, good to see once.",
                  False)  # fmt: skip
WHICH = (ONLY, SKIP, FIRST, LAST, DEPTHWISE)
SEED = Parameter("seed", "int", "Seed", "Of the random choice; the same seed, the same result.",
                 0, 0, 2**31 - 1, 1)  # fmt: skip
