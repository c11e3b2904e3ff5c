import numpy as np
import pandas as pd
import pytest

from forecasting.data.calendar import calendar_columns, calendar_names
from foundation.errors import ParamsError


def columns(entry, *times, time_zone=None):
    return calendar_columns(pd.DatetimeIndex(times), [entry], time_zone=time_zone).tolist()


@pytest.mark.parametrize(
    ("entry", "first", "quarter"),
    [
        ("hour", "2024-01-01 00:00", "2024-01-01 06:00"),
        ("day_of_month", "2023-02-01", "2023-02-08"),  # 28 days: 7 of them are a quarter
        ("day_of_year", "2024-01-01", "2024-04-01 12:00"),  # 91 of 366 days, in round numbers
        ("month", "2024-01-31", "2024-04-01"),
    ],
)
def test_a_cycle_begins_at_sine_0_and_has_sine_1_after_a_quarter(entry, first, quarter):
    begun, later = columns(entry, first, quarter)

    assert begun == [0, 1]
    assert later == pytest.approx([1, 0], abs=0.01)
    assert entry == "day_of_year" or later == [1, 0]


def test_a_quarter_of_an_hour_is_a_ninety_sixth_of_the_day():
    assert columns("hour", "2024-01-01 12:00", "2024-01-01 03:00", "2024-01-01 00:15") == [
        [0, -1],
        pytest.approx([0.5**0.5, 0.5**0.5]),
        pytest.approx([0.06540312923014306, 0.9978589232386035]),  # of 3.75 degrees
    ]


def test_the_week_begins_on_monday_and_has_seven_steps():
    days = columns("weekday", "2024-01-01", "2024-01-02", "2024-01-07", "2024-01-08")

    assert days[0] == days[3] == [0, 1]
    assert days[1] == pytest.approx([0.7818314825, 0.6234898019])  # of 360 / 7 degrees
    assert days[2] == pytest.approx([-0.7818314825, 0.6234898019])


def test_the_last_day_of_a_leap_year_lies_one_of_366_days_before_the_first():
    (last,) = columns("day_of_year", "2024-12-31")

    assert last == pytest.approx([-0.0171663, 0.9998526], abs=1e-7)


def test_the_calendar_is_read_in_the_time_zone():
    summer = columns("hour", "2024-07-01 11:00", time_zone="Europe/Lisbon")
    winter = columns("hour", "2024-01-01 12:00", time_zone="Europe/Lisbon")

    assert summer == winter == [[0, -1]]  # noon
    assert columns("weekday", "2024-07-07 23:30", time_zone="Europe/Lisbon") == [[0, 1]]  # Monday


def test_holidays_are_1_all_day_and_0_on_other_days():
    days = ["2024-04-24 23:00", "2024-04-25 00:00", "2024-04-25 23:00", "2024-04-26", "2025-12-25"]

    assert columns("holidays:PT", *days) == [[0], [1], [1], [0], [1]]


def test_a_holiday_in_local_time_begins_at_local_midnight():
    days = ["2024-04-24 22:59", "2024-04-24 23:00", "2024-04-25 22:59", "2024-04-25 23:00"]

    assert columns("holidays:PT", *days, time_zone="Europe/Lisbon") == [[0], [1], [1], [0]]


def test_a_part_of_a_country_has_its_own_holidays():
    assert columns("holidays:US-CA", "2024-03-31") == [[1]]  # Cesar Chavez Day
    assert columns("holidays:US", "2024-03-31") == [[0]]


@pytest.mark.parametrize(
    ("code", "said"), [("XX", "XX not available"), ("PT-99", "subdivision 99")]
)
def test_unknown_holidays_are_refused_in_a_sentence(code, said):
    with pytest.raises(
        ParamsError, match=rf"^ingest\.calendar: the holidays of '{code}' .*{said}.*US-CA\.$"
    ):
        columns(f"holidays:{code}", "2024-01-01")


def test_columns_come_in_the_order_of_their_names_and_rows_in_that_of_the_times():
    entries = ["weekday", "holidays:PT", "month"]
    times = pd.DatetimeIndex(["2024-04-25", "2024-01-01", "2024-04-25"])
    found = calendar_columns(times, entries)

    assert calendar_names(entries) == [
        "weekday_sin", "weekday_cos", "holidays:PT", "month_sin", "month_cos",
    ]  # fmt: skip
    assert found.shape == (3, 5)
    assert np.array_equal(found[0], found[2])
    assert found[:, 2].tolist() == [1, 1, 1]  # the first of January, too
    assert found[:, 3].tolist() == [1, 0, 1]  # April, January, April


def test_without_entries_there_are_no_columns():
    assert calendar_columns(pd.DatetimeIndex(["2024-01-01"]), []).shape == (1, 0)
    assert calendar_names([]) == []
