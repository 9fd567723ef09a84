"""The models of the digits experiment: what is done to which, as (id, base, operation, values)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE = Path(__file__).with_name("digits_experiment.json")
FACTS = Path(__file__).with_name("digits_facts.json.gz")
NAME = "Digits CNN, compressed"
Step = tuple[str, str, str, Mapping[str, Any]]
_NONE: Mapping[str, Any] = MappingProxyType({})


def _share(amount: float) -> str:
    return f"{100 * amount:.0f}"


def steps() -> tuple[Step, ...]:
    """Every model after its base."""
    made: list[Step] = [
        ("fp16", "base", "quantize_half", _NONE),
        ("int8", "base", "quantize_static", _NONE),
        ("int8-wide", "base", "quantize_static", {"reduce_range": False}),
        ("int8-signed", "base", "quantize_static", {"activations": "int8"}),
        ("int8-16bit", "base", "quantize_static", {"activations": "uint16"}),
        ("int8-tensor", "base", "quantize_static", {"per_channel": False}),
        ("int8-entropy", "base", "quantize_static", {"method": "entropy"}),
        ("int8-norms", "base", "quantize_static", {"fold_norms": False}),
        ("int8-ends", "base", "quantize_static", {"keep_first": True, "keep_last": True}),
        ("int8-depthwise", "base", "quantize_static", {"keep_depthwise": True}),
        ("dynamic", "base", "quantize_dynamic", _NONE),
    ]
    made += [(f"w{b}", "base", "quantize_weights", {"bits": str(b)}) for b in (16, 8, 4)]
    for amount in (0.1, 0.3, 0.5, 0.7, 0.9, 0.95):
        made.append((f"prune{_share(amount)}", "base", "prune", {"amount": amount}))
    for amount in (0.3, 0.5, 0.7):
        values = {"amount": amount, "scope": "local"}
        made.append((f"prune{_share(amount)}-local", "base", "prune", values))
    made.append(("prune50-all", "base", "prune", {"amount": 0.5, "include_norms": True}))
    made.append(("prune50-all-back", "prune50-all", "restore", {"role": "norm"}))
    for id in ("prune50", "prune70", "prune90", "prune95"):
        made.append((f"{id}-norms", id, "repair_norms", _NONE))
        made.append((f"{id}-refit", id, "repair_layers", _NONE))
    made += [
        ("prune24", "base", "prune_pattern", {"kept": 2, "of": 4}),
        ("prune24-refit", "prune24", "repair_layers", _NONE),
    ]
    made += [(f"palette{b}", "base", "palettize", {"bits": b}) for b in (8, 6, 4, 3, 2)]
    made += [(f"palette{b}-norms", f"palette{b}", "repair_norms", _NONE) for b in (3, 2)]
    made.append(("palette2-depthwise", "palette2", "restore",
                 {"role": "weight", "only": ("*depthwise*",)}))  # fmt: skip
    for amount in (0.25, 0.5, 0.75):
        id = f"channels{_share(amount)}"
        made.append((id, "base", "prune_channels", {"amount": amount}))
        made.append((f"{id}-refit", id, "repair_layers", _NONE))
        made.append((f"{id}-refit-int8", f"{id}-refit", "quantize_static", _NONE))
    made += [
        ("channels25-norms", "channels25", "repair_norms", _NONE),
        ("channels50-norms", "channels50", "repair_norms", _NONE),
        ("prune70-refit-int8", "prune70-refit", "quantize_static", _NONE),
        ("prune50-int8", "prune50", "quantize_static", _NONE),
        ("prune70-refit-palette4", "prune70-refit", "palettize", {"bits": 4}),
        ("prune90-refit-palette4", "prune90-refit", "palettize", {"bits": 4}),
        ("channels50-refit-palette4", "channels50-refit", "palettize", {"bits": 4}),
        ("prune50-palette4", "prune50", "palettize", {"bits": 4}),
        ("palette4-prune50", "palette4", "prune", {"amount": 0.5}),
    ]
    return tuple(made)
