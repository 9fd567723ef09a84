"""Groups that a person names: kept, found, refused in a sentence."""

import pytest

from dashboard.urls import View
from engine.errors import EngineError

TARGET = "phone-npu"


def test_named_groups_fold_the_drawing(services, add):
    view = View(model_id=add(), target=TARGET)
    before = services.drawings.get(view).digest
    assert services.set_groups(view, '{"mine": "*pool*"}') == 1
    assert [g.label for g in services.model.groups(view) if g.kind == "own"] == ["mine"]
    services.drawings.get(view)  # of these groups, not the one from before
    assert services.set_groups(view, "") == 0
    assert services.drawings.get(view).digest == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "no object of names"),
        ('{"mine": 3}', "its pattern is not a text"),
        ('{"mine": "nothing.is.called.so"}', "no task has such a name"),
        ('{"a": "x", "a": "y"}', "one name stands for two groups"),
    ],
)
def test_what_is_no_groups_is_refused(services, add, text, said):
    view = View(model_id=add(), target=TARGET)
    with pytest.raises(EngineError, match=said):
        services.set_groups(view, text)
    assert services.model.own_groups(view) == ""
