"""The pages, in the order of the journey.  Each has PATH, TITLE, layout and register.

A page reads top to bottom: the question that it answers, `layout(**view)`, plain callback
functions, `register(app)`, which wires them.  Importing a page does nothing.
"""

from __future__ import annotations

from dashboard.pages import (
    behaviors,
    diff,
    experiment,
    experiments,
    layers,
    model,
    models,
    targets,
    usage,
)

# a path with a part after the id before the one without: that part would be taken for the id's
PAGES = (models, model, experiments, layers, behaviors, experiment, diff, targets, usage)
