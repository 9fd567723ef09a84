"""What a frame of another site shows: one part of a page, to be read, under a link's name.

`route.py` serves the page and says who may frame it, `parts.py` finds what a link shows, `model.py`
and `experiment.py` lay it out.  No cookie is set or needed: every request of the page carries the
link in its path (`dashboard/access/embedded.py`).
"""

from dashboard.embed.parts import asked, layout
from dashboard.embed.route import register

__all__ = ["asked", "layout", "register"]
