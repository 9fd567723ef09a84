"""Stage I, "a team: share, fork, embed, replay": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import attacks_sent, framing, permissions, team_steps, two_people

CHECKS = (permissions.CHECK, attacks_sent.CHECK, two_people.CHECK, team_steps.CHECK, framing.CHECK)
