"""What a valid series is: even steps, finite numbers, no gaps but those accepted on purpose."""

import warnings

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from forecasting.data.order import check_order
from forecasting.data.timestamps import first_row
from foundation.errors import DataError, ParamsError, quoted

INFER = "infer"
ROWS = "rows"  # the next row is the next step, whatever lies between
SPARSEST = 1000  # steps per row: beyond it the times or the step are wrong, and the grid is huge


def regular_series(table: pd.DataFrame, *, frequency: str, gaps: str, max_gap: int) -> pd.DataFrame:
    """Check that a table is a series in even steps, with short gaps where they are accepted.

    Args:
        table: Float columns over a DatetimeIndex; missing values are nan.
        frequency: A pandas offset such as `h`, `15min`, `D` or `MS`; `infer`; or `rows`: the next row
            is the next step.
        gaps: `error` refuses missing rows and values; `interpolate` accepts them, to be filled
            where a window reads them (see `filling`).
        max_gap: The longest run of missing values that is accepted, in steps.

    Returns:
        The same columns over every step from the first time at which all of them have begun to the
        last time; missing values are nan, none in the first row.

    Raises:
        DataError: Times unsorted or doubled, uneven steps, missing or infinite values, gaps that
            are too long, a constant feature.
        ParamsError: The frequency is none, or does not go forward.
    """
    times = table.index
    check_order(times)
    _check_finite(table)
    if frequency != ROWS:
        step = _infer_step(times) if frequency == INFER else _parse_frequency(frequency, times[0])
        table = _on_grid(table, step, allow_missing=gaps == "interpolate")
    _check_gaps(table, gaps=gaps, max_gap=max_gap)
    _check_variation(table)
    begun = table.notna().to_numpy().argmax(axis=0).max()  # a window fills from its past alone
    return table.iloc[begun:]


def _check_finite(table: pd.DataFrame) -> None:
    infinite = np.isinf(table.to_numpy())
    if infinite.any():
        row, column = (int(i[0]) for i in np.nonzero(infinite))
        raise DataError(
            f"Feature {quoted(table.columns[column])} is infinite in row {row + 1} "
            f"({table.index[row]}). Correct the cell, or, if it stands for a missing value, empty it "
            "and set ingest.gaps: interpolate."
        )


def _parse_frequency(frequency: str, start: pd.Timestamp) -> pd.DateOffset:
    try:
        with warnings.catch_warnings(action="error"):  # an old spelling may come to mean another
            step = to_offset(frequency)
            first, second = pd.date_range(start, periods=2, freq=step, unit="us")
            forward = first < second
    except (ValueError, OverflowError, Warning):
        forward = False
    if not forward:
        raise ParamsError(
            f"ingest.frequency={quoted(frequency)} is not a pandas frequency that goes forward by "
            "microseconds or more. Write one such as 15min, h, D or MS, or infer or rows."
        )
    return step


def _infer_step(times: pd.DatetimeIndex) -> pd.DateOffset:
    """Take the step that most neighbours have, or the calendar's, as for months."""
    if len(times) < 3:
        raise DataError(
            f"The table is too short to infer its step from (rows: {len(times)}). Give more rows, "
            "or set ingest.frequency."
        )
    steps, counts = np.unique(np.diff(times.to_numpy()), return_counts=True)
    if len(steps) > 1:
        with pd.option_context("future.infer_freq_returns_offset", True):
            calendar = pd.infer_freq(times)
        if calendar is not None:
            return calendar
    return to_offset(pd.Timedelta(steps[counts.argmax()]))


def _grid(times: pd.DatetimeIndex, step: pd.DateOffset) -> pd.DatetimeIndex:
    """List every step from the first to the last time, unless these are absurdly many."""
    first, second = pd.date_range(times[0], periods=2, freq=step, unit="us")
    n_steps = (times[-1] - times[0]) / (second - first)
    if n_steps > SPARSEST * len(times):
        raise DataError(
            f"The series is almost all gaps: with a step of {step.freqstr}, about {n_steps:.3g} "
            f"rows belong between {times[0]} and {times[-1]}, but the table has {len(times)}. "
            "Repair the times, or set ingest.frequency."
        )
    return pd.date_range(times[0], times[-1], freq=step, unit="us", name=times.name)


def _on_grid(table: pd.DataFrame, step: pd.DateOffset, *, allow_missing: bool) -> pd.DataFrame:
    times = table.index
    grid = _grid(times, step)
    if len(grid) == len(times) and (grid == times).all():
        return table
    off_grid = np.flatnonzero(~times.isin(grid))
    if off_grid.size:
        row = int(off_grid[0])
        where = f"row {row + 1} is {times[row]}" + (f", after {times[row - 1]}" if row else "")
        raise DataError(
            f"The series is not evenly spaced: with a step of {step.freqstr}, {where}; off the grid "
            f"lie {off_grid.size} of {len(times)} rows. Repair the table, or set ingest.frequency "
            "if the step is another (MS for months, B for business days)."
        )
    missing = np.flatnonzero(~grid.isin(times))
    if not allow_missing:
        before = times[times < grid[missing[0]]][-1]
        after = times[times > grid[missing[0]]][0]
        raise DataError(
            f"The series has gaps: {before} is followed by {after}, expected "
            f"{grid[missing[0]]} (step {step.freqstr}; missing rows in all: {missing.size}). "
            f"{_gap_advice(times)}"
        )
    return table.reindex(grid)


def _gap_advice(times: pd.DatetimeIndex) -> str:
    """Say what to do about missing rows, the likely cause first."""
    if _are_business_days(times):
        return (
            "The times seem to be business days without holidays: set ingest.frequency: rows (the next "
            "row is the next step), or B and ingest.gaps: interpolate to have the holidays as gaps."
        )
    return (
        "Repair the table, or set ingest.gaps: interpolate, or ingest.frequency if the step is "
        "another; if these are local times with daylight saving, set ingest.time_zone."
    )


def _are_business_days(times: pd.DatetimeIndex) -> bool:
    """Return True if the times are days from Monday to Friday, most of them."""
    days = times.normalize()
    business = len(np.unique(days)) == len(days) and (days.day_of_week < 5).all()
    possible = np.busday_count(days[0].date(), days[-1].date()) + 1
    return bool(business and len(days) >= 10 and len(days) > possible / 2)


def _check_gaps(table: pd.DataFrame, *, gaps: str, max_gap: int) -> None:
    missing = table.isna()
    if not missing.to_numpy().any():
        return
    column = missing.columns[missing.any().to_numpy()][0]
    row = first_row(missing[column].to_numpy())
    if gaps == "error":
        raise DataError(
            f"Feature {quoted(column)} has no value in row {row + 1} ({table.index[row]}; missing "
            f"values in all: {missing.to_numpy().sum()}). Repair the table, or set ingest.gaps: "
            "interpolate."
        )
    for name in table.columns:
        _check_gap_lengths(table[name], name=name, max_gap=max_gap)


def _check_gap_lengths(values: pd.Series, *, name: str, max_gap: int) -> None:
    missing = values.isna().to_numpy()
    if missing.all():
        raise DataError(
            f"Feature {quoted(name)} has no value in any row. Leave it out of ingest.features."
        )
    edges = np.diff(np.concatenate([[0], missing.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    for start, stop in zip(starts, stops, strict=True):
        if stop - start > max_gap:
            raise DataError(
                f"Feature {quoted(name)} has a gap from {values.index[start]} to "
                f"{values.index[stop - 1]} (steps: {stop - start}), longer than "
                f"ingest.max_gap={max_gap}. Repair the table, or raise ingest.max_gap."
            )


def _check_variation(table: pd.DataFrame) -> None:
    values = table.to_numpy()
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)  # which skip nan
    constant = low == high
    if constant.any():
        column = first_row(constant)
        raise DataError(
            f"Feature {quoted(table.columns[column])} is constant: every row is "
            f"{float(low[column])}. Leave it out of ingest.features."
        )
