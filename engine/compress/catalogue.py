"""The table of contents: every operation, and running one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.compress.data import Samples
from engine.compress.layers import ROLES
from engine.compress.palettize import palettize
from engine.compress.prune import prune, prune_pattern
from engine.compress.quantize import (
    quantize_dynamic,
    quantize_half,
    quantize_static,
    quantize_weights,
)
from engine.compress.repair import repair_layers, repair_norms
from engine.compress.restore import restore
from engine.compress.spec import (
    AMOUNT,
    NORMS,
    SEED,
    SKIP,
    WHICH,
    Made,
    Operation,
    Parameter,
)
from engine.compress.structured import prune_channels
from engine.errors import EngineError

_PER_CHANNEL = Parameter("per_channel", "flag", "A scale a channel",
                         "Each output channel has a scale of its own.", True)  # fmt: skip
_REDUCE = Parameter(
    "reduce_range", "flag", "7-bit weights",
    "8-bit products overflow on x86 processors without VNNI; with VNNI and elsewhere they do not.",
    True,
)  # fmt: skip

_OPERATIONS = (
    Operation(
        "quantize_static", "Static int8", "quantize",
        "Weights and activations in 8-bit integers, with ranges measured on samples.",
        (
            Parameter("activations", "choice", "Activations",
                      "uint8 is by far the fastest on x86 processors.", "uint8",
                      choices=(("uint8", "uint8"), ("int8", "int8"), ("uint16", "uint16"))),
            _PER_CHANNEL,
            Parameter("method", "choice", "Ranges", "How ranges come from samples.", "minmax",
                      choices=(("minmax", "Smallest to largest"), ("entropy", "Least information "
                               "lost"), ("percentile", "99.999 % of the values"))),
            Parameter("fold_norms", "flag", "Fold batch norms first",
                      "Faster and more accurate; norms vanish from the file.", True),
            Parameter("between", "choice", "Between the layers",
                      "Sums, pools and activations in int8 too: faster in convolutional nets, "
                      "harmful where norms are written out.", "auto",
                      choices=(("auto", "Where it helps"), ("yes", "Yes"), ("no", "No"))),
            _REDUCE,
            *WHICH,
        ),
        data="inputs",
        short="int8",
    ),
    Operation(
        "quantize_dynamic", "Dynamic int8", "quantize",
        "Matrix products in 8-bit integers; activations are rounded while it runs.",
        (_PER_CHANNEL, _REDUCE, *WHICH),
        short="dynamic int8",
    ),
    Operation(
        "quantize_weights", "Weights only", "quantize",
        "Weights in few bits, activations as they are: a smaller file, no faster.",
        (
            Parameter("bits", "choice", "Bits", "Of a weight.", "8",
                      choices=(("16", "16 (half floats)"), ("8", "8"), ("4", "4"))),
            *WHICH,
        ),
        short="weights",
    ),
    Operation(
        "quantize_half", "fp16", "quantize",
        "Weights and activations in 16-bit floats; inputs and outputs stay in fp32.", (SKIP,),
        short="fp16",
    ),
    Operation(
        "prune", "Prune weights", "prune",
        "The smallest weights become zero: a smaller packed file, no faster.",
        (
            AMOUNT,
            Parameter("scope", "choice", "Smallest of", "One pool, or each layer for itself.",
                      "global", choices=(("global", "The whole model"), ("local", "Each layer"))),
            NORMS, *WHICH,
        ),
        short="prune",
    ),
    Operation(
        "prune_pattern", "Prune N in M", "prune",
        "The largest N weights in each M stay, along the input channels.",
        (
            Parameter("kept", "int", "Kept", "Weights that stay.", 2, 1, 31, 1),
            Parameter("of", "int", "Of", "Weights in a group.", 4, 2, 32, 1),
            *WHICH,
        ),
        short="prune N:M",
    ),
    Operation(
        "prune_channels", "Prune channels", "prune",
        "Whole channels go, with all that depends on them: smaller and faster.",
        (
            Parameter("amount", "share", "Share removed", "Share of the channels of each layer.",
                      0.25, 0.0, 0.95, 0.05),
            Parameter("multiple", "int", "In multiples of",
                      "Channels that stay are a multiple of it: 8 suits vector units.",
                      1, 1, 64, 1),
            *WHICH,
        ),
        short="channels",
    ),
    Operation(
        "palettize", "Palette", "palettize",
        "Weights become indices into a table of their layer's best 2^bits values.",
        (Parameter("bits", "int", "Bits", "Of an index.", 4, 1, 8, 1), *WHICH),
        short="palette",
    ),
    Operation(
        "repair_layers", "Refit layers", "repair",
        "Weights that are left are refitted, layer by layer, to what the layer made before.",
        (
            Parameter("ridge", "share", "Caution", "How firmly weights stay where they are.",
                      0.01, 0.0, 1.0, 0.005),
            SEED, *WHICH,
        ),
        data="inputs", base=True,
        short="refit",
    ),
    Operation(
        "repair_norms", "Measure norms anew", "repair",
        "Batch norms get the mean and variance of what they now read.",
        (Parameter("strength", "share", "Strength", "Share of the new figures.", 1.0, 0.0, 1.0,
                   0.1),),
        data="inputs",
        short="norms",
    ),
    Operation(
        "restore", "Restore", "restore", "Tensors get the values of the model before back.",
        (
            Parameter("role", "choice", "What", "Tensors of this kind.", "all",
                      choices=(("all", "Everything"), *ROLES.items())),
            *WHICH,
        ),
        base=True,
        short="restore",
    ),
)  # fmt: skip
_RUN: Mapping[str, Callable[..., Made]] = MappingProxyType(
    {
        "quantize_static": quantize_static,
        "quantize_dynamic": quantize_dynamic,
        "quantize_weights": quantize_weights,
        "quantize_half": quantize_half,
        "prune": prune,
        "prune_pattern": prune_pattern,
        "prune_channels": prune_channels,
        "palettize": palettize,
        "repair_layers": repair_layers,
        "repair_norms": repair_norms,
        "restore": restore,
    }
)


def operations() -> tuple[Operation, ...]:
    """All operations, in the order in which a person meets them."""
    return _OPERATIONS


def operation(id: str) -> Operation:
    """One operation by its id.

    Raises:
        EngineError: no such operation; the sentence lists the known ids.
    """
    for known in _OPERATIONS:
        if known.id == id:
            return known
    ids = ", ".join(o.id for o in _OPERATIONS)
    raise EngineError("no such operation", expected=f"one of {ids}", found=str(id)[:60])


def called(word: str) -> Operation | None:
    """The operation that a file calls so: by id, short name or label; None when it is not ours."""
    names = ((o, {o.id, o.short.casefold(), o.label.casefold()}) for o in _OPERATIONS)
    return next((o for o, known in names if word.strip().casefold() in known), None)


def run(
    model: bytes, id: str, values: Mapping[str, Any] | None = None,
    samples: Samples | None = None, base: bytes | None = None,
) -> Made:  # fmt: skip
    """Apply an operation to a model.

    Args:
        model: bytes of an ONNX file.
        id: of the operation.
        values: its parameters; what is not given takes its default.
        samples: checked data, where the operation needs it.
        base: the model that this one came from, where the operation needs it.

    Raises:
        EngineError: a parameter is wrong, something is missing, or the model does not allow it.
    """
    known = operation(id)
    filled = known.filled(values or {})
    further: list[Any] = []
    if known.data != "none":
        if samples is None:
            raise EngineError(f"{known.label} needs samples", "data",
                              "an .npz with an array for each input of the model")  # fmt: skip
        further.append(samples)
    if known.base:
        if base is None:
            raise EngineError(f"{known.label} needs the model before compression", "base")
        further.append(base)
    return _RUN[id](model, filled, *further)
