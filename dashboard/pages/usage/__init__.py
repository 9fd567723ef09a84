"""Who uses this server, how much, and for what?

People and models over time, the share of people who brought a model, and what is done how often,
without a name.  Only admins may look; for all others there is nothing at its address.  Start
reading at `layout.py`.
"""

from dash import Dash

from dashboard.pages.usage.layout import layout
from dashboard.queries.usage import may_look
from dashboard.shell import NOWHERE
from dashboard.urls import USAGE as PATH


def title() -> str:
    """Its title, for who may look; for all others that of an address that leads nowhere."""
    return "Usage · Paredown" if may_look() else NOWHERE


TITLE = title
__all__ = ["PATH", "TITLE", "layout", "register"]


def register(app: Dash) -> None:
    """Nothing is wired: the page shows how it is when it opens."""
