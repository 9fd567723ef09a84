"""Numbers as a person reads them: three significant digits, a fitting prefix, a signed change."""

from __future__ import annotations

import math

# unit -> (smallest value, unit on the page, scale), largest first
_LADDERS = {
    "s": ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (0.0, "µs", 1e6)),
    "J": ((1.0, "J", 1.0), (1e-3, "mJ", 1e3), (1e-6, "µJ", 1e6), (0.0, "nJ", 1e9)),
    "W": ((1.0, "W", 1.0), (1e-3, "mW", 1e3), (0.0, "µW", 1e6)),
    "B": ((1e9, "GB", 1e-9), (1e6, "MB", 1e-6), (1e3, "kB", 1e-3), (0.0, "B", 1.0)),
    "": ((1e9, "G", 1e-9), (1e6, "M", 1e-6), (1e3, "k", 1e-3), (0.0, "", 1.0)),
}


def significant(value: float, digits: int = 3) -> str:
    """A number at so many significant digits, never in exponent form: "0.0312", "23.4", "1,234".

    Whole numbers keep theirs, but where fewer than three are asked for: 1,234 at two is "1,200".
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "?"
    rounded = float(f"{value:.{digits - 1}e}")  # 0.9996 has the places of 1.00
    places = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded if digits < 3 else value:,.{places}f}"


def quantity(
    value: float, unit: str, like: float | None = None, digits: int | None = None
) -> tuple[str, str]:
    """(number, unit) of an SI value, the prefix chosen for `like`, or for the value itself.

    Args:
        value: in `unit`.
        unit: "s", "J", "W", "B", or "" for a count.
        like: a value shown beside it, so that both share one prefix.
        digits: significant ones; None: two of an energy or a power, whose coefficients may be off
            twofold, else three.
    """
    digits = digits or (2 if unit in ("J", "W") else 3)
    size = abs(value if like is None else like)
    for low, name, scale in _LADDERS[unit]:
        if size >= low * 0.9995:
            return significant(value * scale, digits), name
    raise AssertionError("every ladder ends at 0")


def span(low: float, high: float, unit: str, like: float | None = None) -> tuple[str, str]:
    """("0.12–1.1", "mJ"): two ends, their prefix that of `like`, else of the higher."""
    like = high if like is None else like
    ends = [quantity(value, unit, like) for value in (low, high)]
    number = ends[0][0] if ends[0] == ends[1] else f"{ends[0][0]}–{ends[1][0]}"
    return number, ends[0][1]


def percent(share: float) -> str:
    """A share as whole percent, with one digit under ten: "81 %", "4.2 %"."""
    value = share * 100
    return f"{value:.0f} %" if abs(value) >= 9.95 or value == 0 else f"{value:.1f} %"


def change(value: float | None, base: float | None) -> tuple[str, float]:
    """("▼ 23 %", -0.23): the change from a baseline as text and as a share; ("", 0) for none."""
    if value is None or not base or not math.isfinite(value / base):
        return "", 0.0
    share = value / base - 1
    if abs(share) < 0.0005:
        return "", 0.0
    sign = "▼" if share < 0 else "▲"
    size = abs(share) * 100
    text = f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"
    return f"{sign} {text} %", share


def count(n: int, noun: str) -> str:
    """Say "1 task", "12 tasks"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
