"""The pages, the command line and the JSON API over the engine.

It holds no arithmetic: `queries/` asks the engine, `pages/` and `figures/` draw.  Start reading in
`app.py`; `python -m dashboard` is the command `paredown`.
"""
