"""Covariates that follow from the time alone, known for any horizon: the calendar and public holidays."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.data.zones import local_times, zone_of
from foundation.errors import ParamsError, quoted

HOLIDAYS = "holidays:"
DECIMALS = 12  # kept of sine and cosine: a quarter of a turn is exactly 0 or 1


def calendar_names(entries: Sequence[str]) -> list[str]:
    """Name the columns that `calendar_columns` returns."""
    return [
        name
        for entry in entries
        for name in ([entry] if _is_holidays(entry) else [f"{entry}_sin", f"{entry}_cos"])
    ]


def calendar_columns(
    times: pd.DatetimeIndex, entries: Sequence[str], *, time_zone: str | None = None
) -> np.ndarray:
    """Describe each time by its place in the day, week, month or year, as sine and cosine.

        hour          hours since midnight, with the part of the hour / 24
        weekday       (0 on Monday to 6 on Sunday) / 7
        day_of_month  (day - 1) / days of this month
        day_of_year   (day - 1) / days of this year
        month         (1 to 12, less 1) / 12

    Args:
        times: Any times, also doubled and unsorted ones.
        entries: The names above, or `holidays:` with the code of a country and, after a hyphen, of a
            part of it: 1 on its public holidays, else 0.
        time_zone: Where the calendar is read, if `times` are UTC. None reads them as they stand.

    Returns:
        Shape (times, columns), float64, in the order of `calendar_names`.

    Raises:
        ParamsError: The holidays of a country, or the time zone, are not known.
    """
    unique, places = np.unique(times.to_numpy(), return_inverse=True)  # series share their times
    local = pd.DatetimeIndex(unique)
    if time_zone is not None:
        local = local_times(local, zone_of(time_zone), column=str(times.name))
    columns = [column for entry in entries for column in _columns(local, entry)]
    return np.column_stack([np.empty((len(local), 0)), *columns])[places]


def _columns(times: pd.DatetimeIndex, entry: str) -> list[np.ndarray]:
    if _is_holidays(entry):
        return [_holidays(times, entry.removeprefix(HOLIDAYS))]
    angle = 2 * np.pi * _turn(times, entry)
    return [np.round(wave(angle), DECIMALS) + 0.0 for wave in (np.sin, np.cos)]  # + 0.0: never -0.0


def _turn(times: pd.DatetimeIndex, entry: str) -> np.ndarray:
    """Return the share of its cycle that has passed at each time, from 0 to below 1."""
    if entry == "hour":
        turn = (times - times.normalize()) / pd.Timedelta(days=1)
    elif entry == "weekday":
        turn = times.day_of_week / 7
    elif entry == "day_of_month":
        turn = (times.day - 1) / times.days_in_month
    elif entry == "day_of_year":
        turn = (times.day_of_year - 1) / (365 + times.is_leap_year)
    elif entry == "month":
        turn = (times.month - 1) / 12
    else:
        raise ValueError(f"unknown entry of the calendar: {entry!r}")
    return np.asarray(turn, dtype=np.float64)


def _holidays(times: pd.DatetimeIndex, code: str) -> np.ndarray:
    import holidays  # a quarter of a second to import: only for those who ask for it

    country, _, part = code.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=part or None, years=set(times.year))
    except NotImplementedError as unknown:
        raise ParamsError(
            f"ingest.calendar: the holidays of {quoted(code)} are not known ({unknown}). Write the "
            "ISO 3166 code of a country, with that of a part of it where its holidays differ: "
            "holidays:PT, holidays:US-CA."
        ) from None
    return np.asarray(times.normalize().isin(pd.DatetimeIndex(sorted(days))), dtype=np.float64)


def _is_holidays(entry: str) -> bool:
    return entry.startswith(HOLIDAYS)
