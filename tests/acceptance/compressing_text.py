"""The same operations on a small efficient net, where they do the opposite: text direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.compress import Branch, evaluate, grow, samples
from tests.acceptance import corpus
from tests.acceptance.compressing import Model, _model, vnni
from tests.acceptance.line import Line, NotRun, judged
from tests.acceptance.rendered import lines_of_text

NAME = "ch_ppocr_mobile_v2.0_cls"
SLOWER, KEPT = 1.3, 0.01
FIT = 64  # crops that operations measure on; the rest are judged
TREE = (
    Branch("int8-wide", "base", "quantize_static", {"reduce_range": False}),
    Branch("w8", "base", "quantize_weights", {"bits": "8"}),
    Branch("prune10", "base", "prune", {"amount": 0.1}),
    Branch("prune10-norms", "prune10", "repair_norms"),
    Branch("prune30", "base", "prune", {"amount": 0.3}),
    Branch("prune30-norms", "prune30", "repair_norms"),
    Branch("prune30-refit", "prune30", "repair_layers"),
)


@dataclass(frozen=True)
class Text:
    """The models of the tree; whether the processor has VNNI."""

    models: Mapping[str, Model]
    vnni: bool


def measure() -> Text:
    """Grow a tree from the text-direction model of an OCR package, on text drawn here."""
    path = next((p for p in corpus.wheels() if NAME in p.name), None)
    if path is None:
        raise NotRun("the model of the OCR package is not here.")
    model = path.read_bytes()
    images, labels = lines_of_text()
    fit = samples(model, {"x": images[:FIT]})
    test = samples(model, {"x": images[FIT:], "labels": labels[FIT:]})
    if evaluate(model, test).figures["accuracy"].value < 0.9:
        raise NotRun("the fonts of this machine draw no text that the model reads.")
    grown = grow(model, TREE, fit, test, batch=1, rounds=60)
    return Text({e["id"]: _model(e) for e in grown.document["models"]}, vnni())


def judge(found: Text) -> tuple[Line, ...]:
    """Line 1, on text direction."""
    m = found.models
    base, wide, few, pruned = m["base"], m["int8-wide"], m["prune10"], m["prune30"]
    norms, refit, w8 = m["prune10-norms"], m["prune30-refit"], m["w8"]
    notes = () if found.vnni else (
        "This processor has no 8-bit dot products, which makes int8 slower still.",
    )  # fmt: skip
    return (
        judged("1g", "static int8 is slower on a small efficient net",
               f"{wide.latency:.2f} ({wide.latency_low:.2f} to {wide.latency_high:.2f}) × fp32",
               f"> {SLOWER} ×", wide.latency > SLOWER, notes),
        judged("1h", "batch norms measured anew harm it, 10 % pruned",
               f"{_of(norms)}, {_of(few)} before, {_of(base)} unpruned",
               "fewer right, the intervals apart", norms.high < few.low,
               (f"At 30 %, where little is left to lose: {_of(m['prune30-norms'])}, "
                f"{_of(pruned)} before.",)),
        judged("1i", "the refit helps it, 30 % pruned", _of(refit),
               "more right, the intervals apart",
               refit.low > pruned.high),
        judged("1j", "weights in 8 bits alone cost nothing", _of(w8),
               f"within {100 * KEPT:g} point", abs(w8.accuracy - base.accuracy) <= KEPT),
    )  # fmt: skip


def _of(model: Model) -> str:
    return f"{100 * model.accuracy:.1f} % ({100 * model.low:.1f} to {100 * model.high:.1f})"
