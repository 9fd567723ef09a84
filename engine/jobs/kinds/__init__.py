"""The kinds of units: each a module with `run(args, place)`, which knows files and no rows."""
