import pytest

from foundation.number_format import format_number, number_format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.52876, "0.5288"),
        (32.7558, "32.76"),
        (-15.8137, "-15.81"),
        (1.0, "1"),
        (0.0, "0"),
        (0.0000123456, "1.235e-05"),
        (999.96, "1000"),
        (9999.6, "10000"),
        (-123456.7, "-123457"),
        (1234567890.0, "1.235e+09"),
    ],
)
def test_a_number_has_four_digits_and_below_a_million_no_exponent(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_is_not_a_number_is_undefined(value):
    assert format_number(value) == "undefined"


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ([41.86, 33.0, -0.001], ["41.86", "33.00", "0.00"]),
        ([-1234.5, 0.4], ["-1234", "0"]),
        ([0.01234, 0.5], ["0.0123", "0.5000"]),
        ([1234567.0, 0.5], ["1.235e+06", "0.5"]),
        ([0.0, 0.00001], ["0", "1e-05"]),
        ([], []),
    ],
)
def test_numbers_of_a_column_have_the_decimals_that_the_largest_needs(column, texts):
    assert list(map(number_format(column), column)) == texts
