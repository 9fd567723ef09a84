"""The colours of `assets/tokens.css`, for figures that cannot read CSS variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

CSS = Path(__file__).resolve().parents[2] / "assets" / "tokens.css"
SCHEMES = ("light", "dark")
STEPS = 6  # of the sequential ramp


@cache
def tokens(scheme: str) -> Mapping[str, str]:
    """Name -> value of one colour scheme ("light" or "dark"), names without the dashes."""
    found: dict[str, str] = {}
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", CSS.read_text("utf-8")):
        if "dark" not in selector or scheme == "dark":
            found.update(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", body))
    return MappingProxyType(found)
