"""Local times: from what the clock on the wall shows to UTC, and back.

The rules of the zones are those of the locked package tzdata, not those of the machine.
"""

import difflib
import re
from datetime import UTC, timedelta, timezone, tzinfo
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from foundation.errors import DataError, ParamsError, quoted

OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})")

# Between these, a time stays in the years 1 to 9999 whatever the zone
FIRST, LAST = pd.Timestamp("0001-01-02"), pd.Timestamp("9999-12-31")


def zone_of(name: str) -> tzinfo:
    """Return the zone with an IANA name such as Europe/Lisbon, or an offset such as +01:00.

    Raises:
        ParamsError: There is no such zone.
    """
    if (offset := OFFSET.fullmatch(name)) is not None:
        length = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
        return timezone(-length if offset["sign"] == "-" else length)
    if name == "UTC":
        return UTC
    known = files("tzdata").joinpath("zones").read_text().split()
    if name not in known:
        last_parts = {zone.split("/")[-1].lower(): zone for zone in known}
        wanted = name.split("/")[-1].replace(" ", "_").lower()
        near = difflib.get_close_matches(wanted, last_parts, n=1)
        hint = f"; the nearest name is {quoted(last_parts[near[0]])}" if near else ""
        raise ParamsError(
            f"ingest.time_zone={quoted(name)} is not a known time zone{hint}. Write a name of the IANA "
            "database such as Europe/Lisbon, or null."
        )
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


def _check_reach(times: pd.DatetimeIndex, column: str) -> None:
    """Refuse times that another zone may put before the year 1 or after 9999.

    Raises:
        DataError: One lies in the first or the last day of these years.
    """
    beyond = (times < FIRST) | (times >= LAST)
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        raise DataError(
            f"Column {quoted(column)} holds in row {row + 1} {times[row]}, which no zone's clock can "
            "be applied to.",
            "Correct ingest.time_format or the table.",
        )


def local_times(instants: pd.DatetimeIndex, zone: tzinfo, *, column: str) -> pd.DatetimeIndex:
    """Return what the clock of a zone shows at instants of UTC, both without a zone.

    Raises:
        DataError: An instant lies in the first day of the year 1 or the last of 9999.
    """
    _check_reach(instants, column)
    return instants.tz_localize(UTC).tz_convert(zone).tz_localize(None)


def utc_of(
    wall: pd.DatetimeIndex, zone: tzinfo, *, column: str, series: np.ndarray | None = None
) -> pd.DatetimeIndex:
    """Return the instants of local times; the hour that autumn doubles is resolved by the order of rows.

    Of times that the clock shows twice, those before it jumps back are summer's. A time that stands
    once, although the clock shows it twice, is summer's too.

    Args:
        wall: (rows,) Local times without a zone, in the order of the file.
        zone: Their zone.
        column: Name of the column, for the errors.
        series: (rows,) The series of each row, as a number; None for one series.

    Raises:
        DataError: The clock never shows a time, as summer time begins; or a time lies in the first
            day of the year 1 or the last of 9999.
    """
    _check_reach(wall, column)
    in_summer = np.ones(len(wall), dtype=bool)
    missing = wall.tz_localize(zone, ambiguous=in_summer, nonexistent="NaT").isna()
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(
            f"Column {quoted(column)} holds in row {row + 1} {wall[row]}, which the clocks of "
            f"{zone} skip, as summer time begins.",
            "If the table keeps to winter time, set "
            "ingest.time_zone to its offset, such as +01:00; if to another zone, to its name.",
        )
    twice = np.flatnonzero(wall.tz_localize(zone, ambiguous="NaT").isna())
    if twice.size:
        groups = np.zeros(len(wall), dtype=np.int64) if series is None else series
        in_summer[twice] = _before_jump(wall[twice], groups[twice])
    return wall.tz_localize(zone, ambiguous=in_summer).tz_convert(None)


def _before_jump(wall: pd.DatetimeIndex, series: np.ndarray) -> np.ndarray:
    """Mark the rows before the clock jumps back, for each series and day. (rows,) bool."""
    days = wall.normalize().asi8
    order = np.lexsort((days, series))  # stable: rows of one day stay in the order of the file
    keys = np.stack([series[order], days[order]])
    begins = np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
    jumps = np.concatenate([[False], np.diff(wall.asi8[order]) <= 0]) & ~begins
    count = np.cumsum(jumps)
    before = np.empty(len(wall), dtype=bool)
    before[order] = count == np.maximum.accumulate(np.where(begins, count, 0))
    return before
