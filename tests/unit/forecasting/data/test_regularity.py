import numpy as np
import pandas as pd
import pytest

from forecasting.data.panel import single
from forecasting.data.regularity import regular_panel
from foundation.errors import DataError, ParamsError, quoted
from tests.support.times import times_from, times_of_type

HOURS = pd.date_range("2024-01-01", periods=6, freq="h", unit="us", name="time")


def table(times=HOURS, **columns):
    columns = columns or {"a": np.arange(len(times)) * 2.0}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(times, name="time"), dtype=np.float64)


def series(frame, *, frequency="infer", gaps="error", max_gap=3):
    return regular_panel(single(frame), frequency=frequency, gaps=gaps, max_gap=max_gap).series(0)


def times_of(*texts, time_format="ISO8601"):
    return times_from(texts, time_format=time_format)


def written(times):
    return [str(time) for time in times]


def test_an_even_table_is_a_series_as_it_is():
    assert series(table()).equals(table())


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"],
        ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"],
        ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"],  # business days
        ["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"],
        ["2024-01-01 00:00", "2024-01-01 00:15", "2024-01-01 00:30", "2024-01-01 00:45"],
        ["2024-01-01 07:30", "2024-01-08 07:30", "2024-01-15 07:30"],
        ["0001-01-01", "0001-01-02", "0001-01-03"],
        ["1000-01-01", "5000-01-01", "9000-01-01"],  # a step of 4,000 years
    ],
)
def test_the_step_is_inferred(times):
    frame = table(pd.DatetimeIndex(times).as_unit("us"))

    assert series(frame).equals(frame)


@pytest.mark.parametrize(
    ("frequency", "times"),
    [
        ("MS", ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("B", ["2024-01-05", "2024-01-08"]),
        ("15min", ["2024-01-01 00:00", "2024-01-01 00:15"]),
        ("2h", ["2024-01-01 01:00", "2024-01-01 03:00"]),
        ("W-MON", ["2024-01-01", "2024-01-08"]),
    ],
)
def test_the_step_is_what_the_frequency_says(frequency, times):
    frame = table(pd.DatetimeIndex(times).as_unit("us"))

    assert series(frame, frequency=frequency).equals(frame)


@pytest.mark.parametrize(
    "frequency",
    ["xx", "15T", "0h", "-1h", "1ns", "0MS", "-1MS", "d", "99999999999999D", "9" * 30 + "h"],
)
def test_a_frequency_that_is_none_is_refused(frequency):
    with pytest.raises(ParamsError, match=rf"ingest\.frequency='{frequency}' is not a .*15min"):
        series(table(), frequency=frequency)


def test_a_table_too_short_to_infer_the_step_from_says_what_to_set():
    with pytest.raises(DataError, match=r"too short .*rows: 2.*set ingest\.frequency"):
        series(table(HOURS[:2]))


def test_unsorted_times_are_named_with_their_rows():
    times = HOURS[[0, 1, 3, 2, 4, 5]]

    with pytest.raises(DataError, match=r"not sorted: row 4 \(2024-01-01 02:00:00\) .* row 3 "):
        series(table(times))


def test_doubled_times_are_named_and_counted():
    times = HOURS[[0, 1, 1, 2, 3, 3]]

    with pytest.raises(DataError, match=r"01:00:00 stands twice, in rows 2 and 3 .*in all: 2"):
        series(table(times))


def test_a_row_off_the_grid_is_named():
    times = [*HOURS[:3], HOURS[3] + pd.Timedelta("30min"), *HOURS[4:]]

    with pytest.raises(DataError, match=r"step of h, row 4 is .*03:30:00.* 1 of 6 rows") as error:
        series(table(times))
    assert "set ingest.frequency" in str(error.value)


def test_the_first_gap_is_named_and_all_missing_rows_are_counted():
    message = r"01:00:00 is followed by 2024-01-01 03:00:00, expected 2024-01-01 02:00:00 .*all: 2"
    with pytest.raises(DataError, match=message) as error:
        series(table(HOURS.delete([2, 4])), frequency="h")
    assert "ingest.gaps: interpolate" in str(error.value)


def test_the_missing_hour_of_spring_in_local_time_points_to_the_zone():
    times = ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"]

    with pytest.raises(
        DataError, match=r"01:00:00 is followed by .*daylight saving, set ingest\.time_zone"
    ):
        series(table(times))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["01:00", "02:00", "02:00", "03:00"], r"02:00:00 stands twice, in rows 2 and 3"),
        (["02:00", "02:30", "02:00", "02:30"], r"not sorted: row 3 "),
    ],
)
def test_the_doubled_hour_of_autumn_in_local_time_points_to_the_zone(times, message):
    with pytest.raises(DataError, match=message + r".*daylight saving, set ingest\.time_zone"):
        series(table([f"2024-10-27 {time}" for time in times]))


def test_a_step_far_too_small_for_the_times_is_refused_before_memory_runs_out():
    with pytest.raises(DataError, match=r"step of us, about 1\.8e\+10 rows .*the table has 6"):
        series(table(), frequency="us")


def test_short_gaps_are_accepted_where_asked_for_and_stay_missing():
    frame = table(a=[0, 1, np.nan, np.nan, 7, 8], b=[1, np.nan, 2, 3, 4, 5])

    found = series(frame, gaps="interpolate", max_gap=2)

    pd.testing.assert_frame_equal(found, frame)


def test_missing_rows_are_added_and_the_index_keeps_its_name():
    found = series(table(HOURS.delete(2), a=[0, 1, 4, 5, 6]), gaps="interpolate")

    assert found.index.equals(HOURS)
    assert found.index.name == "time"  # without it, the artifact would lose its times
    assert found["a"].isna().tolist() == [False, False, True, False, False, False]


def test_a_series_begins_when_all_its_features_have_a_value_and_may_end_in_a_gap():
    frame = table(a=[0, 1, 2, 3, 4, 5], b=[np.nan, np.nan, 2, 3, 4, np.nan])

    found = series(frame, gaps="interpolate", max_gap=2)

    assert found.index.equals(HOURS[2:])
    assert found["b"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("values", "max_gap", "message"),
    [
        (
            [0, np.nan, np.nan, 3, 4, 5],
            1,
            r"from 2024-01-01 01:00:00 to 2024-01-01 02:00:00 \(steps: 2\), longer than "
            r"ingest\.max_gap=1.* raise ingest\.max_gap",
        ),
        ([np.nan, np.nan, 2, 3, 4, 5], 1, r"from 2024-01-01 00:00:00 .*\(steps: 2\), longer than"),
        ([0, 1, 2, 3, np.nan, np.nan], 1, r"from 2024-01-01 04:00:00 .*\(steps: 2\), longer than"),
    ],
)
def test_a_gap_that_is_too_long_is_refused_at_the_ends_too(values, max_gap, message):
    with pytest.raises(DataError, match="Feature 'b' has a gap " + message):
        series(table(a=np.arange(6), b=values), gaps="interpolate", max_gap=max_gap)


def test_a_feature_without_any_value_is_named():
    with pytest.raises(DataError, match="Feature 'b' has no value in any row"):
        series(table(a=np.arange(6), b=[np.nan] * 6), gaps="interpolate", max_gap=9)


def test_a_missing_value_is_named_where_gaps_are_errors():
    frame = table(a=np.arange(6), b=[0, 1, np.nan, 3, np.nan, 5])

    with pytest.raises(DataError, match=r"'b' has no value in row 3 .*02:00:00; .* all: 2\)") as e:
        series(frame)
    assert "ingest.gaps: interpolate" in str(e.value)


@pytest.mark.parametrize("gaps", ["error", "interpolate"])
def test_an_infinite_value_is_refused_even_where_gaps_are_filled(gaps):
    frame = table(a=np.arange(6), b=[0, 1, 2, -np.inf, 4, 5])

    with pytest.raises(DataError, match=r"'b' is infinite in row 4 \(2024-01-01 03:00:00\)"):
        series(frame, gaps=gaps)


def test_a_constant_feature_is_named_with_its_value():
    frame = table(a=np.arange(6), b=[0.1] * 6)

    with pytest.raises(DataError, match=r"'b' is constant: every row is 0\.1\. .*ingest\.targets"):
        series(frame)


@pytest.mark.parametrize("values", [1.5e9 + np.array([-10, 10, 3, 4, 5, 6]), np.arange(6) * 1e-12])
def test_large_and_tiny_values_are_kept(values):
    assert (series(table(a=values))["a"].to_numpy() == values).all()


def test_the_table_given_is_left_as_it_is():
    frame = table(a=[0, np.nan, 2, 3, 4, 5])
    before = frame.copy()

    series(frame, gaps="interpolate")

    assert frame.equals(before)


def test_times_are_read_as_iso_8601():
    times = times_of("2024-01-01", "2024-01-01T01:00", "2024-01-01 02:00:00.5", "20240102")

    assert written(times) == [
        "2024-01-01 00:00:00",
        "2024-01-01 01:00:00",
        "2024-01-01 02:00:00.500000",
        "2024-01-02 00:00:00",
    ]
    assert times.dtype == "datetime64[us]"


def test_times_are_read_in_a_format_of_ones_own():
    times = times_of("31.12.2023 23:00", "01.01.2024 00:00", time_format="%d.%m.%Y %H:%M")

    assert written(times) == ["2023-12-31 23:00:00", "2024-01-01 00:00:00"]


@pytest.mark.parametrize("offset", ["+01:00", "+0100", "+01", " +01:00"])
def test_one_common_offset_becomes_utc(offset):
    times = times_of(f"2024-01-01 00:00{offset}", f"2024-01-01 01:00{offset}")

    assert written(times) == ["2023-12-31 23:00:00", "2024-01-01 00:00:00"]
    assert times.tz is None


def test_the_ways_to_write_utc_are_one_offset():
    times = times_of("2024-01-01 00:00Z", "2024-01-01 01:00+00:00", "2024-01-01 02:00-00")

    assert written(times)[2] == "2024-01-01 02:00:00"


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-01 00:00+01:00", "2024-01-01 01:00+01:00", "2024-01-01 02:00"],
        ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00Z"],
    ],
)
def test_times_with_and_without_an_offset_are_refused_where_they_change(texts):
    message = r"offset and some have none: row 3 is '2024-01-01 02.*', after '2024-01-01 01.*none\."
    with pytest.raises(DataError, match=message):
        times_of(*texts)


@pytest.mark.parametrize(
    "text", ["hello", "", None, "nan", "2024-13-01", "2024-01-01 24:00", "17", "now", "today"]
)
def test_a_text_that_is_no_time_is_named_with_its_row(text):
    with pytest.raises(DataError) as error:
        times_of("2024-01-01", text, "2024-01-03")

    assert str(error.value) == (
        f"Column 'time' holds no time in row 2: found {text!r}, expected 'ISO8601' such as "
        "'2016-07-01 00:00:00'. Repair the table, name another column with ingest.time, or set "
        "ingest.time_format."
    )


def test_a_time_in_another_format_is_refused_with_an_example_of_the_format():
    with pytest.raises(DataError, match=r"row 1: found '2024-01-01', .* such as '01\.07\.2016'"):
        times_of("2024-01-01", time_format="%d.%m.%Y")


@pytest.mark.parametrize("time_format", ["mixed", "%Q", "%", "%Y%Y", "%U", "%G-%V"])
def test_a_format_that_cannot_be_used_is_refused(time_format):
    with pytest.raises(ParamsError, match=r"ingest\.time_format=.* cannot be used .*ISO8601"):
        times_of("2024-01-01", time_format=time_format)


@pytest.mark.parametrize("text", ["0000-12-31", "-0001-01-01", "2024-01-01 00:00:00.000000001"])
def test_a_time_that_microseconds_of_our_era_cannot_hold_is_not_rounded(text):
    with pytest.raises(DataError, match=r"holds in row 2 a time outside the years 1 to 9999 or"):
        times_of("2024-01-01", text)


def test_times_of_any_unit_and_zone_become_microseconds_of_utc():
    times = pd.DatetimeIndex(["2024-07-01 00:00"], tz="Europe/Berlin").as_unit("ns")

    assert written(times_of_type(times)) == ["2024-06-30 22:00:00"]
    assert times_of_type(times).dtype == "datetime64[us]"


def test_a_missing_time_is_named_with_its_row():
    with pytest.raises(DataError, match="'time' holds no time in row 2: the cell is empty"):
        times_of_type(pd.DatetimeIndex(["2024-01-01", None]))


def test_what_was_found_fits_into_a_line():
    assert quoted("a\nb") == r"'a\nb'"
    assert quoted("x" * 200) == "'" + "x" * 79 + "..."


TRADING = pd.bdate_range("2024-03-25", "2024-04-12").drop(["2024-03-29", "2024-04-01"])


def test_rows_are_steps_whatever_lies_between_them():
    values = np.arange(float(len(TRADING)))
    found = series(pd.DataFrame({"a": values}, index=TRADING.rename("time")), frequency="rows")

    assert found.index.equals(TRADING)
    assert found["a"].tolist() == values.tolist()


def test_rows_may_have_missing_values_where_they_are_accepted():
    values = np.arange(float(len(TRADING)))
    values[4] = np.nan
    shown = pd.DataFrame({"a": values}, index=TRADING.rename("time"))

    assert series(shown, frequency="rows", gaps="interpolate")["a"].isna().sum() == 1
    with pytest.raises(DataError, match="no value in row 5"):
        series(shown, frequency="rows")


def test_business_days_without_holidays_are_named_as_what_they_are():
    shown = pd.DataFrame({"a": np.arange(float(len(TRADING)))}, index=TRADING.rename("time"))

    with pytest.raises(
        DataError, match=r"business days without holidays: set ingest\.frequency: rows"
    ):
        series(shown)


def test_days_with_one_on_a_weekend_or_few_of_them_are_no_business_days():
    for times in (TRADING.union(pd.DatetimeIndex(["2024-03-30"])), TRADING[::3]):
        shown = pd.DataFrame({"a": np.arange(float(len(times)))}, index=times.rename("time"))
        with pytest.raises(DataError) as refused:
            series(shown)
        assert "business days without" not in str(refused.value)
