"""Stage G, "back to the code, and what changed": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import code_lines, code_shots, differences, exports
from tests.acceptance.line import Check

CHECKS = (
    Check("1", "lines of source", code_lines.measure, code_lines.judge),
    differences.CHECK,
    exports.CHECK,
    code_shots.CHECK,
)
