"""A report to hand to others: sections of sentences and tables, as one HTML page or Markdown.

The HTML needs nothing but itself: style and drawings are inside, there is no script, and every text
is escaped.  It prints as it is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

WIDE, LABEL, BAR, LETTERS = 720, 220, 24, 30  # px of a drawing; characters of a name

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1b2430;background:#fff}"
    "main{max-width:1080px;margin:0 auto;padding:32px 24px}h1{font-size:26px;margin:0 0 16px}"
    "h2{font-size:18px;margin:32px 0 8px}p{margin:4px 0;max-width:80ch}div{overflow-x:auto}"
    "table{border-collapse:collapse;margin-top:12px;font-size:13px}"
    "th,td{padding:6px 12px;text-align:left;border-bottom:1px solid #d5dbe3;font-weight:400}"
    "thead th{font-weight:600;border-bottom-color:#8a96a6}td{font-variant-numeric:tabular-nums}"
    "svg{max-width:100%;height:auto;margin-top:12px}.p{fill:#8a96a6;fill-opacity:.5}"
    ".f{fill:#0b62c4}.k{fill:none;stroke:#0b62c4;stroke-width:2}"
    ".l{fill:none;stroke:#0b62c4;stroke-opacity:.6}.a{stroke:#8a96a6}.t{font-size:13px;fill:#1b2430}"
    ".n{text-align:right;white-space:nowrap}.b{fill:#0b7a5c}.w{fill:#c2410c}.e{fill:#8a96a6}"
    ".c{white-space:nowrap}"
    "@media (prefers-color-scheme:dark){body{color:#e6ebf2;background:#12171e}"
    "th,td{border-bottom-color:#2b3542}.f{fill:#6db1ff}.k,.l{stroke:#6db1ff}.t{fill:#e6ebf2}"
    ".b{fill:#4cc79a}.w{fill:#ff9160}}"
    "@media print{body{color:#000;background:#fff;font-size:11px}main{padding:0;max-width:none}"
    "div{overflow:visible}tr,svg{break-inside:avoid}thead{display:table-header-group}"
    "h2{break-after:avoid}.t{fill:#000}th,td{border-bottom-color:#d5dbe3;padding:3px 8px}}"
)
_FIGURE = re.compile(r"[▼▲+−]?\s?[\d.,–]+( |$|/)|unknown$|put in$|$")
RIGHT = ' class="n"'


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: a heading, sentences, and a table with its heads."""

    title: str
    text: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    svg: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a report, and both of its forms."""

    title: str
    sections: tuple[Section, ...]

    @property
    def markdown(self) -> str:
        """As Markdown with tables."""
        out = [f"# {_mark(self.title)}", ""]
        for s in self.sections:
            out += [f"## {_mark(s.title)}", ""]
            out += [f"{_mark(t)}\n" for t in s.text]
            if s.heads:
                out.append("| " + " | ".join(map(_mark, s.heads)) + " |")
                out.append("|" + "---|" * len(s.heads))
                out += ["| " + " | ".join(map(_mark, r)) + " |" for r in s.rows]
                out.append("")
        return "\n".join(out).rstrip() + "\n"

    @property
    def html(self) -> str:
        """As one page that needs no other file."""
        parts = [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width">',
            f"<title>{_safe(self.title)}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{_safe(self.title)}</h1>",
        ]
        for s in self.sections:
            parts.append(f"<section><h2>{_safe(s.title)}</h2>")
            parts += [f"<p>{_safe(t)}</p>" for t in s.text]
            parts.append(s.svg)
            if s.heads:
                right = [_figures(column) for column in zip(*s.rows, strict=True)]
                kept = right or [False] * len(s.heads)
                heads = "".join(
                    f'<th scope="col"{RIGHT * n}>{_safe(h)}</th>'
                    for h, n in zip(s.heads, kept, strict=True)
                )
                parts.append(f"<div><table><thead><tr>{heads}</tr></thead><tbody>")
                for row in s.rows:
                    cells = "".join(f"<td{RIGHT * n}>{_safe(c)}</td>"
                                    for c, n in zip(row[1:], right[1:], strict=True))  # fmt: skip
                    parts.append(f'<tr><th scope="row">{_safe(row[0])}</th>{cells}</tr>')
                parts.append("</tbody></table></div>")
            parts.append("</section>")
        return "".join([*parts, "</main></body></html>\n"])


def _figures(cells: Sequence[str]) -> bool:
    """Whether a column holds figures, which stand at its right."""
    return all(_FIGURE.match(c) for c in cells) and any(cells)


def _safe(text: str) -> str:
    return html.escape(text, quote=True)


def _mark(text: str) -> str:
    """Text that Markdown shows as it is: nothing of the file becomes markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~&])", r"\\\1", re.sub(r"\s+", " ", text))


def bars(names: Sequence[str], before: Sequence[float], after: Sequence[float]) -> str:
    """Two bars a name, before in grey over after in green or, where it rose, orange; SVG text.

    Args:
        names: what each pair is of.
        before: figures, none below 0.
        after: in the same unit.
    """
    most = max([*before, *after, 0.0])
    if not most:
        return ""
    height = BAR * len(names) + 8
    parts = [f'<svg viewBox="0 0 {WIDE} {height}" width="{WIDE}" height="{height}" role="img" '
             'aria-label="Before and after">']  # fmt: skip
    for k, (name, was, now) in enumerate(zip(names, before, after, strict=True)):
        y, room = 4 + k * BAR, WIDE - LABEL - 8
        short = name if len(name) <= LETTERS else f"{name[: LETTERS // 2]}…{name[-LETTERS // 2 :]}"
        tone = "w" if now > was * 1.0005 else "b" if now < was * 0.9995 else "e"
        parts.append(
            f'<text class="t" x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{_safe(short)}</text>'
            f'<rect class="e" x="{LABEL}" y="{y + 2}" width="{room * was / most:.1f}" height="6"/>'
            f'<rect class="{tone}" x="{LABEL}" y="{y + 10}" width="{room * now / most:.1f}" '
            'height="8"/>'
        )
    return "".join([*parts, "</svg>"])
