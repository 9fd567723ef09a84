"""Write the generated tables of README.md: `python -m tests.readme`.

A table stands between `<!-- name -->` and `<!-- /name -->`; what it says comes from the code, and
test_readme.py fails when the two differ.  It lives with the tests because the product needs no
README.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import engine
from engine.export import EXPORT_SCHEMA
from engine.metrics import METRICS

README = Path(__file__).parents[1] / "README.md"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([str(c).replace("|", "\\|") for c in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def targets() -> str:
    """One row a target."""
    rows = [(f"`{t.id}`", t.label, t.summary) for t in engine.targets()]
    return table(("id", "target", "what it is"), rows)


def metrics() -> str:
    """One row a metric of the glossary."""
    rows = [(m.label, m.unit, m.help) for m in METRICS]
    return table(("metric", "unit", "what it says"), rows)


def presets() -> str:
    """One row a preset; $ is done after training, $$ needs fine-tuning, $$$ training."""
    rows = [(f"`{p.id}`", p.label, p.effort.replace("$", "\\$"), p.help) for p in engine.presets()]
    return table(("id", "preset", "effort", "what it does"), rows)


def export() -> str:
    """One row a column of an exported table."""
    rows = [(f"`{name}`", help) for name, (_, help) in EXPORT_SCHEMA.items()]
    return table(("column", "what it holds"), rows)


TABLES: tuple[tuple[str, Callable[[], str]], ...] = (
    ("targets", targets),
    ("presets", presets),
    ("metrics", metrics),
    ("export", export),
)


def renewed(text: str) -> str:
    """The README with its tables written anew."""
    for name, make in TABLES:
        block = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        found = block.search(text)
        if not found:
            raise ValueError(f"README.md has no place for the table {name!r}")
        start, end = found.span()
        text = text[:start] + make() + "\n" + text[end:]
    return text


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
