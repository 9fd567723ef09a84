"""Stage I, "a team: share, fork, embed, replay": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import permissions

CHECKS = (permissions.CHECK,)
