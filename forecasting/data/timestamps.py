"""Reading times: from text in a stated format, to microseconds of UTC. Nothing is guessed or rounded."""

import re
from bisect import bisect_left
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from foundation.errors import DataError, ParamsError, quoted

ISO8601 = "ISO8601"
EXAMPLE = datetime(2016, 7, 1, tzinfo=UTC)
WITNESS = datetime(2017, 11, 23, 14, 35, 46, 123456, tzinfo=UTC)  # shows what a format leaves out
UNITS = ("Y", "M", "D", "h", "m", "s", "us")
TIME_OF_DAY = r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*"
TIMES_OF_DAY = ("now", "today")  # pandas reads these words as whatever the clock says


def parse_times(texts: pd.Series, *, column: str, time_format: str) -> pd.DatetimeIndex:
    """Read times from text; times with one common UTC offset become UTC.

    Args:
        texts: One text per row, missing ones as None.
        column: Name of the column, for the errors.
        time_format: `ISO8601`, or a format of `datetime.strptime`.

    Raises:
        DataError: A row holds no time, or the rows carry different UTC offsets.
        ParamsError: The format cannot be used, or leaves out a part of the time such as the date.
    """
    example = _example(time_format)
    try:
        times = _read_times(texts, time_format)
    except ValueError:
        raise _mixed_offsets(texts, column=column, time_format=time_format) from None
    bad = times.isna() | texts.isin(TIMES_OF_DAY).to_numpy()
    if bad.any():
        row = first_row(bad)
        found = texts.iloc[row]
        advice = (
            "It is a time of day without a date: write date and time into one column, or name "
            "another column with ingest.time."
            if re.fullmatch(TIME_OF_DAY, str(found))
            else "Repair the table, name another column with ingest.time, or set ingest.time_format."
        )
        raise DataError(
            f"Column {quoted(column)} holds no time in row {row + 1}: found {quoted(found)}, "
            f"expected {quoted(time_format)} such as {example!r}. {advice}"
        )
    return utc_times(times, column=column)


def utc_times(times: pd.DatetimeIndex, *, column: str) -> pd.DatetimeIndex:
    """Bring times to microseconds of UTC; nothing is rounded.

    Args:
        times: In any unit; with a zone, or without one if they are UTC already.
        column: Name of the column, for the errors.

    Raises:
        DataError: A time is missing, outside the years 1 to 9999, or finer than microseconds.
    """
    times = times if times.tz is None else times.tz_convert(None)
    if times.hasnans:
        row = first_row(times.isna())
        raise DataError(
            f"Column {quoted(column)} holds no time in row {row + 1}: the cell is empty. Repair "
            "the table."
        )
    wrong = (times.year < 1) | (times.year > 9999)
    if not wrong.any():
        wrong = times.as_unit("us") != times
    if wrong.any():
        row = first_row(wrong)
        raise DataError(
            f"Column {quoted(column)} holds in row {row + 1} a time outside the years 1 to 9999 or "
            f"finer than a microsecond: found {times[row]}. Repair the table."
        )
    return times.as_unit("us")


def _example(time_format: str) -> str:
    """Write a time in the format, which shows it, and whether it can be read."""
    if time_format == ISO8601:
        return "2016-07-01 00:00:00"
    try:
        text = EXAMPLE.strftime(time_format)
        pd.to_datetime(text, format=time_format)
    except (ValueError, re.error) as unusable:
        raise ParamsError(
            f"ingest.time_format={quoted(time_format)} cannot be used ({unusable}). Write ISO8601, "
            'or a format of strptime such as "%d.%m.%Y %H:%M".'
        ) from None
    _check_whole(time_format)
    return text


def _check_whole(time_format: str) -> None:
    """Refuse a format that leaves out a part between two that it has, or the year."""
    text = WITNESS.strftime(time_format)
    read = pd.to_datetime(text, format=time_format)
    read = read if read.tzinfo is None else read.tz_convert(None)
    meant = np.datetime64(WITNESS.replace(tzinfo=None))
    if all(read.to_datetime64() != meant.astype(f"datetime64[{unit}]") for unit in UNITS):
        raise ParamsError(
            f"ingest.time_format={quoted(time_format)} does not hold the whole time: it writes "
            f"{WITNESS:%Y-%m-%d %H:%M:%S} as {text!r}, which reads as {read:%Y-%m-%d %H:%M:%S}. Write a "
            "format with year, month, day and every unit down to the finest (%p with %I); if date "
            "and time stand in two columns, write them into one."
        )


def _read_times(texts: pd.Series, time_format: str) -> pd.DatetimeIndex:
    """Read times, unreadable ones as NaT; pandas raises ValueError where UTC offsets differ."""
    return pd.DatetimeIndex(pd.to_datetime(texts, format=time_format, errors="coerce"))


def _mixed_offsets(texts: pd.Series, *, column: str, time_format: str) -> DataError:
    """Name the first row whose UTC offset is another than before."""

    def is_mixed(n_rows: int) -> bool:
        try:
            _read_times(texts.iloc[:n_rows], time_format)
        except ValueError:
            return True
        return False

    row = bisect_left(range(len(texts) + 1), True, key=is_mixed) - 1
    return DataError(
        f"The times in column {quoted(column)} mix UTC offsets: row {row + 1} is "
        f"{quoted(texts.iloc[row])}, after {quoted(texts.iloc[row - 1])}. Write all times in UTC."
    )


def first_row(mask: np.ndarray) -> int:
    """Give the position of the first row that the mask marks."""
    return int(np.flatnonzero(mask)[0])
