"""Drawings: frame in, figure or element list out.

A figure knows no id, callback, page or file.  `op_graph` draws tasks, `blocks` says what folds
together, `layered` places boxes, `tokens` holds the colours of `assets/tokens.css`.
Start reading at `op_graph.elements`.
"""
