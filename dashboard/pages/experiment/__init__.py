"""Which of these compressed models should we take, and why?

Budgets in words on top; the map of the family on the left; trade-offs on the right, below them the
comparison of what is selected, the budgets, the table.  One selection and one filter, held in the
browser; the server is asked only for numbers.
Start reading at `layout.py`; `callbacks.py` lists the wires.
"""

from dashboard.pages.experiment.callbacks import register
from dashboard.pages.experiment.layout import layout
from dashboard.urls_experiment import EXPERIMENT as PATH

TITLE = "Experiment · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
