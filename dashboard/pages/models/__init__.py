"""What models have we, and what does each cost on the chosen target?

A dense list: name and version, where the time goes along the network, the headline figures.  The
whole page takes dropped files.  Figures that are not known yet arrive while one looks.
Start reading at `layout.py`; `callbacks.py` lists the wires; `table.py` draws the list.
"""

from dashboard.pages.models.callbacks import register
from dashboard.pages.models.layout import layout
from dashboard.urls import MODELS as PATH

TITLE = "Models · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
