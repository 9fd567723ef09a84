"""What experiments have we, and what is the best that each has reached?

A dense list: name, models, what was done to them, the best quality against cost.  The whole page
takes dropped files.  Start reading at `layout.py`; `callbacks.py` lists the wires; `table.py` draws
the list.
"""

from dashboard.pages.experiments.callbacks import register
from dashboard.pages.experiments.layout import layout
from dashboard.urls_experiment import EXPERIMENTS as PATH

TITLE = "Experiments · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
