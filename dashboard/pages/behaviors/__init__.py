"""What did compression do to which instances?

Models at the left, one of them the base; the table of classes or instances with a column a model;
over each column a histogram that narrows the rows.  The address holds the whole choice, and every
control is a link to another one.
Start reading at `layout.py`; `callbacks.py` lists the wires, `parts.py` draws what stands around
the table, behaviors.js the table.
"""

from dashboard.pages.behaviors.callbacks import register
from dashboard.pages.behaviors.layout import layout
from dashboard.urls_behaviors import BEHAVIORS as PATH

TITLE = "Behaviors · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
