import pytest

from dashboard.components import change, count, percent, quantity, significant, span


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.031249, "0.0312"), (23.44, "23.4"), (999.9, "1,000"), (1234.5, "1,234"),
     (6e-7, "0.000000600"), (float("inf"), "?"), (-2.5, "-2.50")],
)  # fmt: skip
def test_significant_digits_never_use_exponents(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.0333, "s", ("33.3", "ms")), (2.5, "s", ("2.50", "s")), (6e-6, "s", ("6.00", "µs")),
     (2_165_188, "B", ("2.17", "MB")), (0.0005234, "J", ("520", "µJ")),
      (0.9999, "s", ("1.00", "s"))],
)  # fmt: skip
def test_quantity_takes_a_prefix_that_fits(value, unit, shown):
    assert quantity(value, unit) == shown


def test_fewer_than_three_digits_are_fewer():
    assert (significant(1234.5, 2), significant(0.0456, 2), significant(99.6, 2)) == (
        "1,200", "0.046", "100")  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.123e-3, 1.14e-3, ("0.12–1.1", "mJ")),
        (234.0, 1234.0, ("230–1,200", "J")),
        (1e-9, 1.01e-9, ("1.0", "nJ")),
        (0.0, 0.0, ("0", "nJ")),
    ],
)
def test_a_band_has_two_digits_and_one_prefix(low, high, shown):
    assert span(low, high, "J") == shown


def test_quantity_shares_the_prefix_of_its_neighbour():
    assert quantity(0.5e-3, "s", like=2e-3) == ("0.500", "ms")


def test_change_is_signed_and_silent_when_there_is_none():
    assert change(77, 100) == ("▼ 23 %", pytest.approx(-0.23))
    assert change(104.4, 100)[0] == "▲ 4.4 %"
    assert change(100.001, 100) == ("", 0.0)
    assert change(None, 100) == change(3, 0) == change(3, None) == ("", 0.0)


def test_percent_and_count():
    assert (percent(0.814), percent(0.0421), percent(0)) == ("81 %", "4.2 %", "0 %")
    assert (count(1, "task"), count(1200, "task")) == ("1 task", "1,200 tasks")
