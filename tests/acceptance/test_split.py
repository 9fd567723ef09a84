from tests.acceptance import corpus
from tests.acceptance.split import DEVELOPMENT, SEALED


def test_enough_models_are_sealed_and_none_is_on_both_sides():
    assert len(SEALED) >= 12
    assert len({*SEALED, *DEVELOPMENT}) == len(SEALED) + len(DEVELOPMENT)


def test_light_models_of_the_split_are_here():
    here = {corpus.name(path) for path in corpus.light()}
    assert {m for m in (*SEALED, *DEVELOPMENT) if m.startswith("light_")} == here
