"""The layers of a model beside those of its base: weights, or what they make of samples."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from engine.compress import Samples
from engine.errors import EngineError
from engine.jobs.kinds.operation import model_of, samples_of, stepped
from engine.jobs.place import Place
from engine.layers import compare_activations, compare_weights, findings, pack, tell

MOST = 256  # samples that are run
LOOKED = 64  # of them in which faults are looked for, channel by channel


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Compare.

    Args:
        args: what, "weights" or "activations"; base and model, each sha256 of a file, path from
            it and sha256 of the root, as of an operation; fit and data, digests of samples.
        place: where files are.

    Returns:
        "layers", bytes of `layers.pack` in base 64; findings, of `layers.tell`; samples, how many
        were run.

    Raises:
        EngineError: a step cannot be done, a model does not run, or they have no layer in common.
    """
    fit, test = samples_of(place, model_of(place, args["base"]["sha256"]), args)
    base = _made(args["base"], fit, place, "the base")
    same = args["base"] == args["model"]
    model = base if same else _made(args["model"], fit, place, "the model")
    if args["what"] == "weights":
        place.report(0.6, "comparing weights")
        made = _text(pack(compare_weights(base, model)))
        return {"layers": made, "findings": tell(findings(base, model)), "samples": 0}
    samples = test or fit
    if samples is None:
        raise EngineError("activations need samples, and this experiment has none",
                          try_this="attaching data to one of its models")  # fmt: skip
    inputs = {n: a[:MOST] for n, a in samples.inputs.items()}
    found = compare_activations(
        base, model, inputs,
        report=lambda n, of: place.report(0.5 + 0.3 * n / of, f"{n} of {of} samples"),
    )  # fmt: skip
    place.report(0.8, "looking for faults")
    some = {n: a[:LOOKED] for n, a in inputs.items()}
    return {"layers": _text(pack(found)), "findings": tell(findings(base, model, some)),
            "samples": min(MOST, samples.count)}  # fmt: skip


def _made(side: Mapping[str, Any], fit: Samples | None, place: Place, words: str) -> bytes:
    """A model after the steps from its file."""
    place.report(0.05, f"reading {words}")
    model = model_of(place, side["sha256"])
    root = model_of(place, side["root"]) if side.get("root") else model
    return stepped(model, root, side.get("path", ()), fit, place)[0]


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()
