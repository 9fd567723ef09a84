"""README.md says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.readme import README, renewed

ROOT = README.parent
TEXT = README.read_text("utf-8")


def test_tables_are_current():
    assert renewed(TEXT) == TEXT, "the tables are stale: run `make docs`"


def test_every_make_target_named_is_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"`make ([a-z]+)", TEXT))
    assert named - set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) == set()
    assert "make run" in TEXT


def test_every_file_named_is_there():
    """Paths in backticks and links lead somewhere (`name/` a folder, `*` any)."""
    paths = set(re.findall(r"`((?:engine|dashboard|assets|tests|\.ci|\.deps)/[\w./*-]*)`", TEXT))
    paths |= {p for p in re.findall(r"\]\(([^)#:]+)\)", TEXT) if not p.startswith(".github/")}
    assert [p for p in sorted(paths) if not any(ROOT.glob(p))] == []
    assert paths


def test_the_rooms_of_the_engine_are_on_the_map():
    rooms = {p.name for p in Path(ROOT / "engine").iterdir() if (p / "__init__.py").is_file()}
    assert {r for r in rooms if f"{r}/" not in TEXT} == set()
