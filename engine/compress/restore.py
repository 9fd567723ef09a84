"""Give tensors of a role, or of some layers, the values of an earlier model back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.compress.layers import ROLES, chosen, layers
from engine.compress.prune import moved, some
from engine.compress.spec import Change, Made
from engine.formats import Network


def restore(model: bytes, values: Mapping[str, Any], base: bytes) -> Made:
    """Take back what an operation did to some tensors.

    Args:
        model: bytes of an ONNX file.
        values: `role` (a key of `ROLES`, or "all"), `spec.WHICH`.
        base: the model to take the values from; the same names.

    Raises:
        EngineError: nothing is selected.
    """
    network, before = Network(model), Network(base)
    roles = tuple(ROLES) if values["role"] == "all" else (values["role"],)
    known = set(before.weights)
    changes, notes = [], []
    for layer in some(chosen(layers(network), values, roles)):
        name = layer.tensor
        if name not in known or before.shape(name) != layer.shape:
            what = "other sizes" if name in known else "no such tensor"
            notes.append(f"{name}: the model before has {what}.")
            continue
        now, then = network.array(name), before.array(name)
        if now.dtype != then.dtype:
            notes.append(f"{name}: the model before has it in {then.dtype}.")
            continue
        if (now != then).any():
            network.put(name, then)
            changes.append(Change(name, layer.node, "as before", float(np.mean(then == 0)), 0,
                                  moved(now, then)))  # fmt: skip
    return Made(network.bytes(), tuple(changes), tuple(notes))
