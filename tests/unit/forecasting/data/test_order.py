import re

import pandas as pd
import pytest

from forecasting.data.order import check_order
from forecasting.data.panel import single, stack
from foundation.errors import DataError

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


def refusal(times, **columns):
    """What is said about a table with these times and, as text, these other columns."""
    index = pd.DatetimeIndex(times, name="date")
    with pytest.raises(DataError) as refused:
        check_order(single(pd.DataFrame(index=index)), lambda: pd.DataFrame(columns, dtype=str))
    return str(refused.value)


def test_times_in_order_are_accepted():
    check_order(single(pd.DataFrame(index=pd.DatetimeIndex(DAYS))))


def test_doubled_times_beside_a_column_that_tells_rows_apart_are_several_series():
    assert refusal(
        [day for day in DAYS for _ in range(3)],
        store=["1", "2", "3"] * 4,
        sales=[str(100 * store + day) for day in range(4) for store in range(3)],
    ) == (
        "The time 2024-01-01 00:00:00 stands twice, in rows 1 and 2 (doubled times in all: 8). The "
        "table seems to hold several series below each other, told apart by column 'store' "
        "(different values: 3). Set ingest.id: store."
    )


def test_a_long_table_sorted_by_its_series_has_the_same_cause():
    assert refusal(DAYS * 2, shop=["north"] * 4 + ["south"] * 4, sales=[*"12345678"]) == (
        "The times are not sorted: row 5 (2024-01-01 00:00:00) comes before row 4 (2024-01-04 "
        "00:00:00). The table seems to hold several series below each other, told apart by column "
        "'shop' (different values: 2). Set ingest.id: shop."
    )


def test_series_of_unequal_length_are_told_apart_too():
    times = [*DAYS, *DAYS[:2], *DAYS[1:2]]
    assert "told apart by column 'shop' (different values: 3)" in refusal(
        times, shop=[*"aaaabbc"], sales=[*"1234567"]
    )


def test_a_date_beside_times_of_day_is_to_be_joined_with_them():
    assert refusal(
        [day for day in DAYS for _ in range(2)], clock=["00:00:00", "12:00:00"] * 4, power=[*"12345678"]
    ).endswith(
        "Column 'clock' holds times of day: set ingest.time: [date, clock], and ingest.time_format to that "
        "of both, with a space between them."
    )  # fmt: skip


@pytest.mark.parametrize("clock", ["0:00", "12:30 PM", " 23:59:59.5 ", "1:00 a.m."])
def test_times_of_day_are_recognised(clock):
    assert "'clock' holds times of day" in refusal([DAYS[0]] * 2, clock=[clock, "00:00"])


def test_a_few_doubled_times_are_those_of_daylight_saving_whatever_stands_beside_them():
    hours = [f"2024-10-27 {hour:02d}:00" for hour in (0, 1, 2, 2, 3, 4, 5, 6, 7)]

    assert refusal(hours, summer=[*"111000000"]) == (
        "The time 2024-10-27 02:00:00 stands twice, in rows 3 and 4 (doubled times in all: 1). If "
        "these are local times with daylight saving, set ingest.time_zone, such as Europe/Lisbon; if the "
        "table holds several series below each other, name their column with ingest.id; else correct "
        "the times."
    )


def test_rows_that_nothing_tells_apart_get_no_column_named():
    assert "If the table holds several series below each other, name their" in refusal(
        [day for day in DAYS for _ in range(2)], value=[*"11223344"]
    )


def test_a_table_from_the_newest_to_the_oldest_is_to_be_sorted():
    assert "Sort the table by time; if" in refusal(DAYS[::-1], value=[*"1234"])


@pytest.mark.parametrize("times", [DAYS[::-1], DAYS * 2, [DAYS[0]] * 2])
def test_no_advice_loses_a_row(times):
    columns = {"value": [str(row) for row in range(len(times))], "flag": ["a"] * len(times)}
    assert not re.search(r"(?i)keep one|remove|drop|leave", refusal(times, **columns))


def refusal_of_shops(times, shops, **columns):
    """The same about a table with a series for each shop."""
    ids = pd.DataFrame({"shop": pd.Categorical(shops)})
    given = stack(pd.DataFrame(index=pd.DatetimeIndex(times, name="date")), ids)
    with pytest.raises(DataError) as refused:
        check_order(given, lambda: pd.DataFrame(columns, dtype=str))
    return str(refused.value)


def test_a_second_column_that_tells_series_apart_is_named():
    assert refusal_of_shops(
        [day for day in DAYS for _ in range(4)],
        ["south", "south", "north", "north"] * 4,
        item=["tea", "jam"] * 8,
        sales=range(16),
    ) == (
        "The time 2024-01-01 00:00:00 of series 'north' stands twice, in rows 3 and 4 (doubled times in "
        "all: 8). Rows of one time in a series are told apart by column 'item' (different values: 2). "
        "Add it to ingest.id."
    )


def test_one_doubled_time_in_a_series_is_no_second_column():
    said = refusal_of_shops([*DAYS, *DAYS, DAYS[3]], [*"aaaabbbbb"], item=[*"xxxxxxxxy"])

    assert "of series 'b' stands twice, in rows 8 and 9" in said
    assert "Add it" not in said and "item" not in said


def test_many_series_in_order_need_no_other_column():
    shops = pd.DataFrame({"shop": pd.Categorical([*"aabb"])})
    times = pd.DatetimeIndex([*DAYS[:2], *DAYS[:2]])

    check_order(stack(pd.DataFrame(index=times), shops), lambda: pytest.fail("read"))
