"""Which formats, zeros and palettes each task gets under a recipe, and why not what was asked for.

Rules, in this order:
1. The last rule that matches a task is its action as a whole; what that leaves None stays as in the
   baseline, so a rule with an empty action clears what earlier rules did.
2. A format is taken only if a unit of the target computes the task's kernel class in it and the
   file is not already narrower; else the task keeps its format and says why (`refuse.py`).
3. Tasks that read the same stored weights make one choice of them: who has no rule of its own for
   weights follows, who differs keeps a copy (`shared.py`).
4. Formats flow through tasks that do not care (`flow.py`).
5. Structured pruning takes output channels away, and readers lose them (`channels.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from engine.cost import FORMATS, Floats, Ints, Mask, bits_of
from engine.errors import EngineError
from engine.recipe.channels import channels
from engine.recipe.flow import FOLLOWS, WRITES, Wishes, flow, format_id
from engine.recipe.model import Action, Recipe
from engine.recipe.prepare import Prepared
from engine.recipe.refuse import NOTHING, PRUNABLE, Verdict, check, judge
from engine.recipe.select import Baseline, selected
from engine.recipe.shared import copies, groups

_KEPT = 4096  # verdicts of actions that are remembered
_STATE = ("in_fmt", "out_fmt", "kernel_fmt", "sparsity", "structured", "pattern", "palette",
          "keep_in", "keep_out")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for each task, one entry a task.

    Args:
        in_fmt, out_fmt, kernel_fmt: format ids.
        sparsity: share of zeros; structured: as whole channels; pattern: as 2 in each 4.
        palette: bits of an index, 0 none; keep_in, keep_out: share of channels left.
        refusal: index in `words` of why the action does not apply.
        rule: place of the rule that matched last, -1 none.
        why, root: as in `Flow`.
        follows, copies: task whose weights it shares, or keeps a copy of; -1 none.
    """

    in_fmt: Ints
    out_fmt: Ints
    kernel_fmt: Ints
    sparsity: Floats
    structured: Mask
    pattern: Mask
    palette: Ints
    keep_in: Floats
    keep_out: Floats
    refusal: Ints
    words: tuple[str, ...]
    rule: Ints
    why: Ints
    root: Ints
    follows: Ints
    copies: Ints

    def differs(self, other: Choice) -> Mask:
        """Tasks that two choices treat differently."""
        differ = [getattr(self, name) != getattr(other, name) for name in _STATE]
        return np.asarray(np.any(differ, axis=0))

    def take(self, rows: Ints) -> Choice:
        """The choice of some tasks; what refers to other tasks is lost."""
        names = [f.name for f in fields(self) if f.name != "words"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


@dataclass(slots=True)
class Said:
    """What rules say, before anything flows; one entry a task, filled step by step.

    Args:
        reads, makes, kernel: format ids, -1 nothing; others as in `Choice`.
        firm_out, firm: as in `Wishes`.
        settled: a rule said something of its weights, or left it alone.
    """

    rule: Ints
    reads: Ints
    makes: Ints
    kernel: Ints
    sparsity: Floats
    structured: Mask
    pattern: Mask
    palette: Ints
    refusal: Ints
    firm_out: Mask
    firm: Mask
    settled: Mask
    words: list[str]
    follows: Ints
    copies: Ints

    def take(self, rows: Ints) -> Said:
        """What is said of some tasks."""
        names = [f.name for f in fields(self) if f.name != "words"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def baseline(prepared: Prepared) -> Choice:
    """The file as it is, with the target's reference format in place of fp32."""
    return finish(prepared, said(prepared, Recipe(), None))


def said(p: Prepared, recipe: Recipe, figures: Baseline | None) -> Said:
    """What the rules say of every task: the last that matches, judged, with shared weights.

    Args:
        p: the compilation.
        recipe: the rules.
        figures: gives the baseline's table when a selector asks for a figure.

    Raises:
        EngineError: an action that means nothing, or a selector of what is not there.
    """
    n = p.count
    rule = np.full(n, -1)
    for i, entry in enumerate(recipe.rules):
        check(entry.action, f"rule {i + 1}")
        if figures is None:
            raise EngineError("no baseline to select from")
        rule[selected(p, entry.selector, figures, f"rule {i + 1}")] = i
    none, no = np.full(n, -1), np.zeros(n, bool)
    out = Said(rule, none, none.copy(), none.copy(), np.zeros(n), no, no.copy(),
               np.zeros(n, np.int64), np.zeros(n, np.int64), no.copy(), no.copy(), no.copy(), [""],
               none.copy(), none.copy())  # fmt: skip
    if not recipe.rules:
        return out
    for i in np.unique(rule[rule >= 0]).tolist():
        entry = recipe.rules[i]
        apply(p, out, np.flatnonzero(rule == i), entry.action, entry.names_tasks)
    share(p, out)
    return out


def apply(p: Prepared, out: Said, rows: Ints, action: Action, by_hand: bool) -> None:
    """Put an action on tasks; fills `out`."""
    kinds = p.kind[rows]
    verdicts = [verdict(p, k, action) for k in range(len(p.kinds))]
    words = {w: i for i, w in enumerate(out.words)}
    for v in verdicts:
        if words.setdefault(v.refusal, len(words)) == len(out.words):
            out.words.append(v.refusal)
    out.reads[rows] = np.array([format_id(v.input) for v in verdicts])[kinds]
    out.makes[rows] = np.array([format_id(v.output) for v in verdicts])[kinds]
    out.kernel[rows] = np.array([format_id(v.kernel) for v in verdicts])[kinds]
    out.sparsity[rows] = np.array([v.sparsity for v in verdicts])[kinds]
    out.structured[rows] = np.array([v.structured for v in verdicts], bool)[kinds]
    out.pattern[rows] = np.array([v.pattern for v in verdicts], bool)[kinds]
    out.palette[rows] = np.array([v.palette for v in verdicts], np.int64)[kinds]
    out.refusal[rows] = np.array([words[v.refusal] for v in verdicts])[kinds]
    alone = action == NOTHING
    out.firm_out[rows] = alone | (out.makes[rows] >= 0)
    out.firm[rows] = by_hand & ((out.reads[rows] >= 0) | (out.makes[rows] >= 0))
    out.settled[rows] = alone or action.weights
    _by_size(p, out, rows)


def verdict(p: Prepared, kind: int, action: Action) -> Verdict:
    """What an action does to a kind; judged once."""
    kept: dict[tuple[int, Action], Verdict] = p.kept.setdefault("verdicts", {})
    key = (kind, action)
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = judge(p.target, p.kinds[kind], action)
    return kept[key]


def _by_size(p: Prepared, out: Said, rows: Ints) -> None:
    """Refusals that depend on a task's own size and place."""

    def refuse(which: Ints, sentence: str) -> None:
        out.refusal[which] = len(out.words)
        out.words.append(sentence)

    fmt = np.where(out.kernel[rows] >= 0, out.kernel[rows], p.kernel_fmt[rows])
    small = rows[too_few(p, rows, fmt, out.palette[rows])]
    elements = p.columns["kernel_elements"][small]
    unique, which = np.unique(elements * 16 + out.palette[small], return_inverse=True)
    for i, (count, bits) in enumerate(divmod(int(key), 16) for key in unique.tolist()):
        text = f"its {count} weights are too few to gain from {2**bits} palette entries"
        refuse(small[which.reshape(-1) == i], text)
    out.palette[small] = 0
    ends = rows[out.structured[rows] & (p.tied[rows] > 0)]
    for i in np.unique(p.tied[ends]).tolist():
        refuse(ends[p.tied[ends] == i], p.ties[i])
    out.structured[ends], out.sparsity[ends] = False, 0.0
    odd = rows[out.pattern[rows] & uneven(p, rows)]
    if len(odd):
        refuse(odd, "its input channels are no multiple of 4")
        out.pattern[odd], out.sparsity[odd] = False, 0.0


def too_few(p: Prepared, rows: Ints, kernel: Ints, palette: Ints) -> Mask:
    """Tasks whose weights, in a kernel format, save less than the table of a palette takes."""
    wide = np.where(kernel > 0, bits_of(kernel), 32)
    saved = p.columns["kernel_elements"][rows] * (wide - palette)
    return np.asarray((palette > 0) & (saved <= 2.0**palette * wide), bool)


def uneven(p: Prepared, rows: Ints) -> Mask:
    """Tasks whose input channels do not divide by 4, so that no 2 in each 4 can stay."""
    window = np.fmax(p.columns["window"][rows], 1)
    return np.asarray(p.columns["depth"][rows] / window % 4 != 0, bool)


def share(p: Prepared, out: Said) -> None:
    """One choice for tasks that read the same weights; fills `out`."""
    for rows in groups(p.sharing):
        open_ = rows[~out.settled[rows]]
        out.kernel[open_] = out.follows[open_] = -1
        out.sparsity[open_] = out.palette[open_] = 0
        out.structured[open_] = out.pattern[open_] = False
        firm = rows[out.settled[rows]]
        if not len(firm):
            continue
        lead = int(firm[0])
        for row in open_.tolist():
            if _fits(p, out, lead, row):
                for name in ("kernel", "sparsity", "structured", "pattern", "palette"):
                    getattr(out, name)[row] = getattr(out, name)[lead]
                out.follows[row] = lead
    if (p.sharing >= 0).any():
        parts = (out.kernel, out.sparsity, out.structured, out.pattern, out.palette)
        _, variant = np.unique(np.stack(parts), axis=1, return_inverse=True)
        out.copies = copies(p.sharing, variant.reshape(-1), p.columns["parameters"] > 0)


def _fits(p: Prepared, out: Said, lead: int, row: int) -> bool:
    """Whether a task can take over another's choice of weights, in the formats that it reads."""
    structured = bool(out.structured[lead])
    if structured and (p.kinds[p.kind[row]][0] not in PRUNABLE or p.tied[row]):
        return False
    kernel, palette = int(out.kernel[lead]), int(out.palette[lead])
    reads = int(out.reads[row])
    action = Action(
        input=FORMATS[reads] if reads >= 0 else None,
        kernel=FORMATS[kernel] if kernel >= 0 else None,
        palette_bits=palette or None,
    )
    return not verdict(p, int(p.kind[row]), action).refusal


def finish(p: Prepared, out: Said) -> Choice:
    """Let formats and channels flow from what was said."""
    kernel = np.where(out.kernel >= 0, out.kernel, p.kernel_fmt)
    flowed = flow(p, Wishes(out.reads, out.makes, out.firm_out, out.firm, kernel))
    if out.structured.any():
        keep_in, keep_out = channels(p, out.structured, out.sparsity)
    else:
        keep_in, keep_out = np.ones(p.count), np.ones(p.count)
    rule = out.rule
    for why in (WRITES, FOLLOWS):  # who follows may follow one that writes for another
        if (flowed.why == why).any():
            rules = np.append(rule, [-1, -1])  # of an output of the model, and of nothing
            taken = (flowed.why == why) & ((rule < 0) | (why == FOLLOWS))
            rule = np.where(taken, rules[flowed.root], rule)
    if (out.follows >= 0).any():
        rule = np.where((rule < 0) & (out.follows >= 0), rule[out.follows], rule)
    return Choice(
        flowed.in_fmt, flowed.out_fmt, kernel, out.sparsity, out.structured, out.pattern,
        out.palette, keep_in, keep_out, out.refusal, tuple(out.words), rule, flowed.why,
        flowed.root, out.follows, out.copies,
    )  # fmt: skip
