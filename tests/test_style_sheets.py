"""All style sheets are loaded together: one page's rules must not reach another page."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets"
# Sheets that dress one page alone; the others are for all.
PAGE_OF = {
    "models.css": "models", "experiments.css": "models", "experiment.css": "experiment",
    "analyses.css": "model", "graph.css": "model", "options.css": "model", "recipe.css": "model",
    "why.css": "model", "diff.css": "compare", "targets.css": "targets",
}  # fmt: skip


def reached(sheets: dict[str, str]) -> list[str]:
    """Classes that one page's sheet styles wherever they stand, and a sheet of others names.

    A class that a sheet for all styles as well is everybody's.

    Args:
        sheets: file name -> its text.
    """
    alone, named = defaultdict(set), defaultdict(set)
    for name, text in sheets.items():
        page = PAGE_OF.get(name, "")
        for selectors in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
            for selector in (s.strip() for s in selectors.split(",")):
                for word in re.findall(r"\.([a-z][\w-]*)", selector):
                    named[word].add(page)
                if found := re.fullmatch(r"\.([a-z][\w-]*)", selector):
                    alone[found[1]].add(page)
    return sorted(w for w, pages in alone.items() if "" not in pages and len(named[w]) > 1)


def test_one_pages_style_does_not_reach_another():
    sheets = {f.name: f.read_text("utf-8") for f in ASSETS.glob("*.css")}
    assert set(PAGE_OF) <= set(sheets)
    assert reached(sheets) == []


def test_a_style_that_reaches_another_page_is_seen():
    assert reached({"experiment.css": ".a {}", "distributions.css": ".triage .a i {}"}) == ["a"]
    assert reached({"experiment.css": ".map .a {}", "distributions.css": ".triage .a i {}"}) == []
    assert reached({"experiment.css": ".a {}", "components.css": ".a {}"}) == []
