"""Stage G, "back to the code, and what changed": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import exports

CHECKS = (exports.CHECK,)
