"""Reading times: from cells to microseconds without a zone. Nothing is guessed or rounded.

Times below a day are stored as instants of UTC wherever their zone is known, those of whole days as
the local date: a day stays a day when its offset changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.data.time_formats import ISO8601, UNIX, as_iso8601, example_of
from forecasting.data.zones import local_times, utc_of, zone_of
from foundation.errors import DataError, quoted

TIME_OF_DAY = r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*"
TIMES_OF_DAY = ("now", "today")  # pandas reads these words as whatever the clock says
SINCE_1970 = {"unix_s": r"1\d{9}(\.\d+)?", "unix_ms": r"1\d{12}(\.\d+)?"}  # from 2001 to 2033
OFFSET = r"\s?(Z|[+-]\d{2}(:?\d{2})?)$"
DAY = 86_400_000_000  # microseconds
MICROSECONDS = pa.timestamp("us")


@dataclass(frozen=True)
class Clock:
    """Times as they were read.

    Attributes:
        wall: What a clock on the wall shows, without a zone.
        instants: The same in UTC, without a zone; None where the offset is not known.
    """

    wall: pd.DatetimeIndex
    instants: pd.DatetimeIndex | None = None


def parse_times(texts: pd.Series, *, column: str, time_format: str) -> Clock:
    """Read times from text.

    Args:
        texts: One text per row, missing ones as None; of Arrow's type they are read in bulk.
        column: Name of the column, for the errors.
        time_format: `ISO8601`, `unix_s`, `unix_ms`, or a format of `datetime.strptime`.

    Raises:
        DataError: A row holds no time, or only some rows carry an offset.
        ParamsError: The format cannot be used.
    """
    example = example_of(time_format)
    cells = pa.array(texts.array, pa.string())  # which Arrow's own type has without a copy
    if isinstance(cells, pa.Array):
        cells = pa.chunked_array([cells])
    read = _read_unix if time_format in UNIX else _read_text
    clock = read(cells, column, time_format)
    bad = clock.wall.isna() | pc.is_in(cells, pa.array(TIMES_OF_DAY)).to_numpy()
    if bad.any():
        row = first_row(bad)
        found = cells[row].as_py()
        raise DataError(
            f"Column {quoted(column)} holds no time in row {row + 1}: found {quoted(found)}, "
            f"expected {quoted(time_format)} such as {example!r}.",
            _advice(str(found), time_format),
        )
    return clock


def typed_times(times: pd.DatetimeIndex) -> Clock:
    """Take typed times, with a zone or without."""
    if times.tz is None:
        return Clock(times)
    return Clock(times.tz_localize(None), times.tz_convert(None))


def settle(
    clock: Clock, *, column: str, time_zone: str | None = None, series: np.ndarray | None = None
) -> pd.DatetimeIndex:
    """Choose between the local date and the instant.

    Args:
        clock: Times as they were read.
        column: Name of the column, for the errors.
        time_zone: IANA name of the zone of times without an offset; None takes them as they stand.
        series: (rows,) The series of each row, as a number; None for one series.

    Returns:
        Times in microseconds without a zone: local dates for daily data and coarser, else UTC
        wherever the zone is known.

    Raises:
        DataError: A time is missing, outside the years 1 to 9999, or finer than microseconds.
        ParamsError: The zone is not known.
    """
    wall, instants = _checked(clock.wall, column), clock.instants
    if instants is not None:
        instants = _checked(instants, column)
    if time_zone is not None and instants is not None:
        wall = local_times(instants, zone_of(time_zone), column=column)
    if are_days(wall):
        return wall
    if time_zone is not None and instants is None:
        return utc_of(wall, zone_of(time_zone), column=column, series=series)
    return wall if instants is None else instants


def zone_shown(times: pd.DatetimeIndex, clock: Clock, time_zone: str | None) -> str | None:
    """Return the zone whose clocks show other times than those that are stored, if these are UTC.

    Args:
        times: As `settle` chose them.
        clock: As they were read.
        time_zone: The parameter ingest.time_zone.

    Returns:
        None for local dates, and for times of which no zone is known.
    """
    if are_days(times):
        return None
    return time_zone or (None if clock.instants is None else "UTC")


def are_days(wall: pd.DatetimeIndex) -> bool:
    """Return True if the times are days or longer apart: several dates, one time of day.

    Of these the local date is kept; other times are UTC wherever their zone is known.
    """
    times_of_day = wall.asi8 % DAY
    return bool((times_of_day == times_of_day[0]).all() and (wall != wall[0]).any())


def time_of_day(times: pd.DatetimeIndex) -> str | None:
    """Return the time at which the steps of a daily or coarser series begin; None for steps below a day."""
    return str(times[0].time()) if are_days(times) else None


def _checked(times: pd.DatetimeIndex, column: str) -> pd.DatetimeIndex:
    """Bring times without a zone to microseconds; nothing is rounded."""
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


def unix_times(numbers: pa.ChunkedArray, *, time_format: str, column: str) -> Clock:
    """Read units of time since 1970 in UTC.

    Args:
        numbers: Of any type of number; binary fractions are read to the microsecond.
        time_format: `unix_s` or `unix_ms`.
        column: Name of the column, for the errors.

    Raises:
        DataError: A number has parts of a microsecond, or lies far outside the years 1 to 9999.
    """
    unit = UNIX[time_format]
    digits = len(str(unit)) - 1 if pa.types.is_floating(numbers.type) else 9  # behind the point
    try:
        exact = numbers.cast(pa.decimal128(28, digits))
        microseconds = pc.multiply(exact, pa.scalar(Decimal(unit), pa.decimal128(7)))
        instants = pd.DatetimeIndex(microseconds.cast(pa.int64()).cast(MICROSECONDS).to_numpy())
    except pa.ArrowInvalid as wrong:
        raise DataError(
            f"Column {quoted(column)} holds numbers that are not times in {time_format} since 1970, in "
            f"whole microseconds: {' '.join(str(wrong).split())}.",
            "Repair the table, or correct ingest.time_format.",
        ) from None
    far = instants.year > 9999
    if far.any():
        row = first_row(far)
        raise DataError(
            f"Column {quoted(column)} holds in row {row + 1} a time in the year {instants[row].year}: found "
            f"{numbers[row].as_py()}.",
            "Correct ingest.time_format: unix_s counts seconds, unix_ms milliseconds.",
        )
    return Clock(instants, instants)


def _read_unix(cells: pa.ChunkedArray, column: str, time_format: str) -> Clock:
    """Read numbers since 1970 from text; what is not a number becomes NaT."""
    trimmed = pc.utf8_trim_whitespace(cells)
    is_number = pc.match_substring_regex(trimmed, r"^[+-]?\d+(\.\d+)?$")
    numbers = pc.if_else(is_number, trimmed, pa.scalar(None, pa.string()))
    return unix_times(numbers, time_format=time_format, column=column)


def _read_text(cells: pa.ChunkedArray, column: str, time_format: str) -> Clock:
    """Read times from text, unreadable ones as NaT."""
    in_bulk = None if cells.null_count else _read_in_bulk(cells, time_format)
    return _read_each(cells, column, time_format) if in_bulk is None else in_bulk


def _read_in_bulk(cells: pa.ChunkedArray, time_format: str) -> Clock | None:
    """Read what Arrow reads just as pandas does, many times faster; None if a cell is written otherwise."""
    if time_format != ISO8601:
        rewrite = as_iso8601(time_format)
        if rewrite is None or not pc.all(pc.match_substring_regex(cells, rewrite[0])).as_py():
            return None
        cells = pc.replace_substring_regex(cells, *rewrite)
    for zone, offset in ((None, ""), ("UTC", OFFSET)):
        try:
            instants = pd.DatetimeIndex(cells.cast(pa.timestamp("us", zone)).to_numpy())
            if zone is None:
                return Clock(instants)
            wall = pc.replace_substring_regex(cells, offset, "").cast(MICROSECONDS)
            return Clock(pd.DatetimeIndex(wall.to_numpy()), instants)
        except pa.ArrowInvalid:
            continue
    return None


def _read_each(cells: pa.ChunkedArray, column: str, time_format: str) -> Clock:
    """Read every different text once, by pandas."""
    encoded = cells.dictionary_encode().combine_chunks()
    texts = encoded.dictionary.to_pylist()
    rows = encoded.indices.fill_null(len(texts)).to_numpy()
    texts.append(None)
    try:
        times = pd.DatetimeIndex(_to_datetime(pd.Series(texts, dtype=object), time_format))
    except ValueError:  # offsets differ
        return _read_offsets(texts, rows, column, time_format)
    if times.tz is None:
        return Clock(times[rows])
    return Clock(times.tz_localize(None)[rows], times.tz_convert(None)[rows])


def _read_offsets(
    texts: Sequence[str | None], rows: np.ndarray, column: str, time_format: str
) -> Clock:
    """Read times each with an offset of its own."""
    times = [_to_datetime(text, time_format) for text in texts]
    known = np.array([time is pd.NaT or time.tzinfo is not None for time in times])
    if not known.all():
        row = first_row(np.diff(known[rows])) + 1
        raise DataError(
            f"Some times in column {quoted(column)} have a UTC offset and some have none: row {row + 1} "
            f"is {quoted(texts[rows[row]])}, after {quoted(texts[rows[row - 1]])}. Write all of them "
            "with their offset, or none."
        )
    wall = pd.DatetimeIndex([time if time is pd.NaT else time.tz_localize(None) for time in times])
    instants = pd.DatetimeIndex(
        [time if time is pd.NaT else time.tz_convert(None) for time in times]
    )
    return Clock(wall[rows], instants[rows])


def _to_datetime(texts: object, time_format: str) -> pd.Series:
    return pd.to_datetime(texts, format=time_format, errors="coerce")


def _advice(found: str, time_format: str) -> str:
    """Say what to do about a text that is not a time in a format."""
    if re.fullmatch(TIME_OF_DAY, found):
        return (
            "It is a time of day without a date: list the columns of date and time in ingest.time, "
            "or name another column."
        )
    for unix, pattern in SINCE_1970.items():
        if unix != time_format and re.fullmatch(pattern, found):
            return f"It seems to count from 1970: set ingest.time_format: {unix}."
    return "Repair the table, name another column with ingest.time, or set ingest.time_format."


def first_row(mask: np.ndarray) -> int:
    """Return the position of the first row that the mask marks."""
    return int(np.flatnonzero(mask)[0])
