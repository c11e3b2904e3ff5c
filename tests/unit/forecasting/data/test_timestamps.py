import re

import pytest

from foundation.errors import DataError, ParamsError
from tests.support.times import times_from


def times_of(*texts, time_format="ISO8601"):
    return times_from(texts, time_format=time_format)


@pytest.mark.parametrize(
    ("time_format", "text", "time"),
    [
        ("%Y", "2024", "2024-01-01 00:00:00"),
        ("%m/%Y", "03/2024", "2024-03-01 00:00:00"),
        ("%d.%m.%y", "01.03.24", "2024-03-01 00:00:00"),
        ("%Y-%j", "2024-061", "2024-03-01 00:00:00"),
        ("%G-W%V-%u", "2024-W09-5", "2024-03-01 00:00:00"),
        ("%d %b %Y, %I %p", "01 Mar 2024, 02 PM", "2024-03-01 14:00:00"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-03-01T14:35:00.25+0100", "2024-03-01 13:35:00.250000"),
    ],
)
def test_a_format_down_to_any_unit_is_read(time_format, text, time):
    assert str(times_of(text, time_format=time_format)[0]) == time


@pytest.mark.parametrize(
    ("time_format", "written", "read"),
    [
        ("%H:%M", "14:35", "1900-01-01 14:35:00"),
        ("%d.%m. %H:%M", "23.11. 14:35", "1900-11-23 14:35:00"),
        ("%Y %H", "2017 14", "2017-01-01 14:00:00"),
        ("%Y-%d", "2017-23", "2017-01-23 00:00:00"),
        ("%d.%m.%Y %I:%M", "23.11.2017 02:35", "2017-11-23 02:35:00"),
        ("%Y-%m-%d %M:%S", "2017-11-23 35:46", "2017-11-23 00:35:46"),
        ("%z", "+0000", "1900-01-01 00:00:00"),
    ],
)
def test_a_format_that_leaves_out_a_part_of_the_time_is_refused_with_an_example(
    time_format, written, read
):
    with pytest.raises(ParamsError) as refused:
        times_of(written, time_format=time_format)

    assert str(refused.value) == (
        f"ingest.time_format='{time_format}' does not hold the whole time: it writes 2017-11-23 "
        f"14:35:46 as '{written}', which reads as {read}. Write a format with year, month, day and "
        "every unit down to the finest (%p with %I); if date and time stand in two columns, list "
        "both in ingest.time."
    )


@pytest.mark.parametrize("text", ["00:00:00", "14:35", "2:35 PM", "14:35:46.5"])
@pytest.mark.parametrize("time_format", ["ISO8601", "%d/%m/%Y"])
def test_a_time_of_day_alone_is_named_as_what_it_is(text, time_format):
    message = rf"row 1: found '{re.escape(text)}', .*\. It is a time of day without a date: list the columns"
    with pytest.raises(DataError, match=message):
        times_of(text, time_format=time_format)
