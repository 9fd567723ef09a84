"""The order of the tests: what takes longest begins first."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)  # after the files were shuffled
def pytest_collection_modifyitems(items):
    """Long files, then browsers, then the rest: no processor waits at the end for another."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    marks = {mark.name for mark in item.iter_markers()}
    return 0 if "long" in marks else 1 if "browser" in marks else 2
