"""Which hardware can we compile for, and how far may its numbers be believed?

Every target with the kind of its numbers; for a calibrated one the figures of its calibration and
of its last validation, with predicted against measured.  Start reading at `layout.py`.
"""

from dash import Dash

from dashboard.pages.targets.layout import layout
from dashboard.urls import TARGETS as PATH

TITLE = "Targets · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]


def register(app: Dash) -> None:
    """Nothing is wired: what the page shows changes on the command line."""
