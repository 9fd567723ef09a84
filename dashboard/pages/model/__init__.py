"""Where do this model's time, energy and memory go on this target, and what would a preset change?

Header, totals, a triage strip, then two docks: the table of tasks and the drawing of the graph.
One selection and one filter, held in the browser; the server is asked only for numbers.
Start reading at `layout.py`; `callbacks.py` lists the wires.
"""

from dashboard.pages.model.callbacks import register
from dashboard.pages.model.layout import layout
from dashboard.urls import MODEL as PATH

TITLE = "Model"
__all__ = ["PATH", "TITLE", "layout", "register"]
