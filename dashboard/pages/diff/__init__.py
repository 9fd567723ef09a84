"""What changed: two models, targets or presets, task by task, by module and in sum.

Start reading at `layout.py`; `content.py` draws what the choice of both sides asks for.
"""

from dashboard.pages.diff.layout import layout, register
from dashboard.urls import DIFF as PATH

TITLE = "Compare · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
