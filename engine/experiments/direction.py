"""Which values of a metric are better, guessed from its name where the file does not say.

The words are those that the field uses; a guess is marked as one (`MetricSpec.stated`).
"""

from __future__ import annotations

import re

from engine.experiments.model import Direction

# What makes smaller better wins over the word beside it: "accuracy loss", "error of the F1".
_LOWER = re.compile(
    r"loss|error|latency|delay|duration|\btime\b|runtime|\bms\b|seconds|size|bytes|memory|\bram\b"
    r"|footprint|energy|power|joule|watt|\bflops?\b|\bmacs?\b|param|perplexity|\bppl\b|\bstd\b"
    r"|deviation|variance|\bmse\b|\bmae\b|rmse|\bkl\b|divergence|\bwer\b|\bcer\b|\bfid\b|\beer\b"
    r"|epochs?|\bcost\b|\bdrop\b|difference|\bbits\b|temperature",
    re.IGNORECASE,
)
_HIGHER = re.compile(
    r"accuracy|\bacc\d*\b|\bf-?1\b|\bf\d?[ -]?score\b|score|exact match|\bem\b|precision|recall"
    r"|sensitivity|specificity|\bauc\b|auroc|\bm?ap\d*\b|m?iou\b|\bdice\b|bleu|rouge|meteor|psnr"
    r"|ssim|top-?\d|\br2\b|correlation|correct|reward|throughput|\bfps\b|per second|speed-?up"
    r"|sparsity|compression|ratio|similarity|\bsnr\b|sqnr",
    re.IGNORECASE,
)


def guess(name: str, unit: str = "") -> Direction:
    """The direction that a name suggests; "" when it suggests none."""
    text = re.sub(r"[_./]+|(?<=[a-z])(?=[A-Z])", " ", name)
    if _LOWER.search(text):
        return "lower"
    if _HIGHER.search(text):
        return "higher"
    return "lower" if unit.strip() in {"s", "ms", "us", "µs", "J", "mJ", "W", "mW", "MB"} else ""
