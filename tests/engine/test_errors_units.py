import pickle

import pytest

from engine.errors import EngineError
from engine.metrics import BY_ID, METRICS
from engine.units import DTYPE_BITS, FORMAT_BITS, FORMAT_OF, bytes_of


def test_an_error_is_one_sentence_with_all_its_parts():
    error = EngineError("the shape is wrong", "conv1", "4 axes", "3", "check the export")
    assert str(error) == (
        "conv1: the shape is wrong; expected 4 axes, found 3. Try: check the export."
    )


def test_an_error_with_one_part_is_still_a_sentence():
    assert EngineError("the file is empty").sentence == "the file is empty."


def test_an_error_survives_a_process_border():
    error = EngineError("a", "b", "c", "d", "e")
    again = pickle.loads(pickle.dumps(error))
    assert again.sentence == error.sentence


@pytest.mark.parametrize(
    ("elements", "dtype", "size"),
    [(3, "float32", 12), (3, "int4", 2), (5, "int2", 2), (3, "float6e2m3", 3), (0, "int8", 0)],
)
def test_bytes_are_packed_and_rounded_up(elements, dtype, size):
    assert bytes_of(elements, dtype) == size


def test_every_dtype_has_a_format_and_every_format_a_width():
    assert set(FORMAT_OF) == set(DTYPE_BITS)
    assert set(FORMAT_OF.values()) == set(FORMAT_BITS)


def test_the_glossary_names_each_metric_once_and_explains_it():
    assert len(BY_ID) == len(METRICS)
    assert all(m.help.endswith(".") and m.label for m in METRICS)
    assert BY_ID["latency_s"].header == "Latency, ms"
