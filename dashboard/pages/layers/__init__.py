"""Layers: what compression did to the weights of a model, and to what its layers make.

A table of modules with bars split by relative change, any number of models beside a base; beside
it what is known of the selected layer.  Start reading at `layout.py`; `callbacks.py` lists the
wires.
"""

from dashboard.pages.layers.callbacks import register
from dashboard.pages.layers.layout import layout
from dashboard.urls_layers import LAYERS as PATH

TITLE = "Layers · Paredown"
__all__ = ["PATH", "TITLE", "layout", "register"]
