"""The front of a report as an SVG drawing."""

from __future__ import annotations

import html

from engine.experiments.model import Experiment
from engine.experiments.pareto import Front

WIDTH, HEIGHT, MARGIN = 720, 360, 56  # px
MAX_POINTS = 4000


def drawing(experiment: Experiment, front: Front) -> str:
    """The first two metrics as points, the front joined and the knee ringed; SVG text."""
    x, y = front.metrics[:2]
    across = experiment.frame[x.column].to_list()
    up = experiment.frame[y.column].to_list()
    known = [k for k in range(len(across)) if across[k] is not None and up[k] is not None]
    if not known:
        return ""
    left, right = min(across[k] for k in known), max(across[k] for k in known)
    low, high = min(up[k] for k in known), max(up[k] for k in known)

    def at(k: int) -> tuple[float, float]:
        px = MARGIN + (WIDTH - 2 * MARGIN) * _share(across[k], left, right)
        py = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * _share(up[k], low, high)
        return round(px, 1), round(py, 1)

    on = set(front.rows)
    dots = [f'<circle class="p" cx="{at(k)[0]}" cy="{at(k)[1]}" r="3"/>'
            for k in known[:MAX_POINTS] if k not in on]  # fmt: skip
    line = sorted(front.rows, key=lambda k: (across[k], up[k]))
    path = " ".join(f"{at(k)[0]},{at(k)[1]}" for k in line) if len(front.metrics) == 2 else ""
    dots.append(f'<polyline class="l" points="{path}"/>')
    for k in line:
        title = f"<title>{html.escape(experiment.models[k].id)}</title>"
        dots.append(f'<circle class="f" cx="{at(k)[0]}" cy="{at(k)[1]}" r="4">{title}</circle>')
    if front.knee is not None:
        px, py = at(front.knee)
        dots.append(f'<circle class="k" cx="{px}" cy="{py}" r="9"/>')
    bottom, edge = HEIGHT - MARGIN, WIDTH - MARGIN
    texts = (
        (MARGIN, bottom + 18, "start", f"{left:.4g}"), (edge, bottom + 18, "end", f"{right:.4g}"),
        (WIDTH / 2, bottom + 36, "middle", x.name), (MARGIN - 6, bottom, "end", f"{low:.3g}"),
        (MARGIN - 6, MARGIN + 4, "end", f"{high:.3g}"), (MARGIN, MARGIN - 18, "start", y.name),
    )  # fmt: skip
    words = [f'<text class="t" x="{a}" y="{b}" text-anchor="{c}">{html.escape(d)}</text>'
             for a, b, c, d in texts]  # fmt: skip
    name = html.escape(f"{y.name} over {x.name}, the front in blue", quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{name}">'
        f'<path class="a" d="M{MARGIN} {MARGIN}V{bottom}H{edge}" fill="none"/>'
        + "".join(dots + words) + "</svg>"
    )  # fmt: skip


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5
