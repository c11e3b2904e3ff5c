import numpy as np
import pandas as pd
import pytest

from forecasting.data.zones import zone_of
from foundation.errors import DataError, ParamsError
from tests.support.times import times_from, times_of_type


def times_of(*texts, zone=None, series=None, time_format="ISO8601"):
    found = times_from(texts, time_format=time_format, time_zone=zone, series=series)
    return [f"{time:%d %H:%M}" for time in found]


def test_the_doubled_hour_of_autumn_is_resolved_by_order():
    autumn = [f"2024-10-27 {time}" for time in ("00:00", "00:30", "01:00", "01:30", "01:00", "01:30", "02:00")]  # fmt: skip

    assert times_of(*autumn, zone="Europe/Lisbon") == [
        "26 23:00", "26 23:30", "27 00:00", "27 00:30", "27 01:00", "27 01:30", "27 02:00"
    ]  # fmt: skip


def test_the_doubled_hour_is_resolved_in_each_series_by_itself():
    hours = [hour for hour in ("00:00", "01:00", "01:00", "02:00") for _ in range(2)]
    by_time = times_of(
        *(f"2024-10-27 {hour}" for hour in hours), zone="Europe/Lisbon", series=np.array([0, 1] * 4)
    )
    right = ["26 23:00", "27 00:00", "27 01:00", "27 02:00"]

    assert by_time == [time for time in right for _ in range(2)]
    below_each_other = [f"2024-10-27 {hour}" for hour in ("00:00", "01:00", "01:00", "02:00")] * 2
    series = np.repeat([1, 0], 4)
    assert times_of(*below_each_other, zone="Europe/Lisbon", series=series) == right * 2


def test_the_doubled_hours_of_two_years_are_resolved_each_by_itself():
    hours = ["2023-10-29 01:00", "2023-10-29 01:00", "2024-10-27 01:00", "2024-10-27 01:00"]
    assert times_of(*hours, "2024-10-28 05:00", zone="Europe/Lisbon")[:4] == [
        "29 00:00", "29 01:00", "27 00:00", "27 01:00"
    ]  # fmt: skip


def test_a_doubled_hour_that_stands_once_is_that_of_summer():
    assert times_of("2024-10-27 01:00", "2024-10-27 02:00", zone="Europe/Lisbon") == ["27 00:00", "27 02:00"]  # fmt: skip


def test_the_missing_hour_of_spring_is_no_gap():
    assert times_of("2024-03-31 00:00", "2024-03-31 02:00", zone="Europe/Lisbon") == ["31 00:00", "31 01:00"]  # fmt: skip


def test_a_time_that_the_clock_skips_is_named():
    message = r"in row 2 2024-03-31 01:30:00, which the clocks of Europe/Lisbon skip.*\+01:00"
    with pytest.raises(DataError, match=message):
        times_of("2024-03-31 00:30", "2024-03-31 01:30", zone="Europe/Lisbon")


def test_local_days_stay_days_where_the_offset_changes():
    days = ["2024-03-30", "2024-03-31", "2024-04-01"]
    assert times_of(*days, zone="Europe/Lisbon") == ["30 00:00", "31 00:00", "01 00:00"]
    skipped_midnight = ["2017-10-14", "2017-10-15", "2017-10-16"]
    assert times_of(*skipped_midnight, zone="America/Sao_Paulo")[1] == "15 00:00"


def test_offsets_that_change_are_instants_below_a_day_and_local_dates_else():
    assert times_of("2024-03-31 00:00+00:00", "2024-03-31 02:00+01:00") == ["31 00:00", "31 01:00"]
    assert times_of("2024-03-30 00:00+00:00", "2024-03-31 00:00Z", "2024-04-01T00:00+01:00") == [
        "30 00:00", "31 00:00", "01 00:00"
    ]  # fmt: skip
    assert times_of("30.03.2024 +0000", "01.04.2024 +0100", time_format="%d.%m.%Y %z") == ["30 00:00", "01 00:00"]  # fmt: skip


def test_closing_times_are_those_of_days_too():
    assert times_of("2024-03-08 16:00-05:00", "2024-03-11 16:00-04:00") == ["08 16:00", "11 16:00"]


def test_instants_at_local_midnight_are_local_dates_where_the_zone_is_said():
    days = ["2024-03-09T05:00Z", "2024-03-10T05:00Z", "2024-03-11T04:00Z"]

    assert times_of(*days, zone="America/New_York") == ["09 00:00", "10 00:00", "11 00:00"]
    assert times_of(*days) == ["09 05:00", "10 05:00", "11 04:00"]


def test_a_zone_beside_offsets_changes_no_instant():
    hours = ["2024-03-31 00:00+00:00", "2024-03-31 02:00+01:00"]
    assert times_of(*hours, zone="America/New_York") == ["31 00:00", "31 01:00"]


def test_seconds_and_milliseconds_since_1970_are_instants():
    assert times_of("1709251200", " 1709254800.5", time_format="unix_s") == ["01 00:00", "01 01:00"]
    assert times_of("1709251200000", "1709254800000", time_format="unix_ms") == ["01 00:00", "01 01:00"]  # fmt: skip
    assert times_of("1709269200", "1710046800", "1710129600", time_format="unix_s", zone="America/New_York") == ["01 00:00", "10 00:00", "11 00:00"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "time_format", "message"),
    [
        ("1709251200", "ISO8601", r"seems to count from 1970: set ingest\.time_format: unix_s\."),
        ("1709251200000", "unix_s", r"row 1 a time in the year 56134: found 1709251200000\. Correct ingest\.time_format"),
        ("2024-01-01", "unix_s", r"holds no time in row 1: found '2024-01-01', expected 'unix_s' such as '1467331200'"),
        ("1709251200.0000001", "unix_s", r"not times in unix_s .* whole microseconds: Rescaling"),
        ("253402300800", "unix_s", r"row 1 a time in the year 10000: found 253402300800"),
        ("9" * 18, "unix_s", r"are not times in unix_s since 1970"),
    ],
)  # fmt: skip
def test_what_does_not_count_from_1970_is_refused(text, time_format, message):
    with pytest.raises(DataError, match=message):
        times_of(text, time_format=time_format)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "+05:00"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("offset", ["", "+00:00"])
def test_times_that_a_zone_may_put_outside_the_years_1_to_9999_are_refused(zone, day, offset):
    first, second = (f"{day} {hour}:00{offset}" for hour in ("00", "23"))

    with pytest.raises(DataError, match=rf"holds in row 1 {day} 00:00:00, which no zone's clock"):
        times_of(first, second, zone=zone)


def test_typed_times_follow_the_same_rules():
    hours = pd.DatetimeIndex(["2024-03-31 00:00", "2024-03-31 02:00"])
    days = pd.date_range("2024-03-30", periods=3, tz="Europe/Lisbon")

    assert str(times_of_type(hours, time_zone="Europe/Lisbon")[1]) == "2024-03-31 01:00:00"
    assert str(times_of_type(days)[2]) == "2024-04-01 00:00:00"
    assert str(times_of_type(days.repeat(2)[1:3] + pd.to_timedelta(["0h", "1h"]))[0]) == "2024-03-30 00:00:00"  # fmt: skip


def test_an_unknown_zone_is_refused_with_the_nearest_name():
    with pytest.raises(ParamsError, match=r"ingest\.time_zone='Lisbon' .* nearest name is 'Europe/Lisbon'"):  # fmt: skip
        zone_of("Lisbon")
    with pytest.raises(ParamsError, match=r"='\.\./x' is not a known time zone\. Write"):
        zone_of("../x")


@pytest.mark.parametrize("name", ["+01:00", "-0330", "UTC", "Etc/GMT-1", "Asia/Kolkata"])
def test_offsets_and_names_are_zones(name):
    minutes = {"+01:00": 60, "-0330": -210, "UTC": 0, "Etc/GMT-1": 60, "Asia/Kolkata": 330}[name]
    summer = pd.Timestamp("2024-07-01", tz=zone_of(name))
    assert summer.utcoffset().total_seconds() == 60 * minutes


def test_what_is_read_in_bulk_is_what_pandas_reads():
    for texts, time_format in (
        (["01.03.2024 05:30", "29.02.2024 23:59"], "%d.%m.%Y %H:%M"),
        (["2024/03/01", "2024/02/29"], "%Y/%m/%d"),
        (["2024-03-01 05", "2024-03-01 06"], "ISO8601"),
        (["2024-03-01T05:00:00.25", "2024-03-01"], "ISO8601"),
    ):
        assert times_of(*texts, time_format=time_format) == [
            f"{time:%d %H:%M}" for time in pd.to_datetime(pd.Series(texts), format=time_format)
        ]


@pytest.mark.parametrize(
    "text", ["2024-03-01", "31.02.2024", "1.3.24", "01.03.2024 ", "01x03x2024"]
)
def test_a_text_in_another_format_is_refused_in_bulk_too(text):
    with pytest.raises(DataError, match="holds no time in row 2"):
        times_of("01.03.2024", text, time_format="%d.%m.%Y")
