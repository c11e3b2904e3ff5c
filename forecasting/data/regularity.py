"""What valid series are: even steps, finite numbers, no gaps but those accepted on purpose."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Day, Tick

from forecasting.data.gaps import ACCEPT_GAPS, check_gaps, trim
from forecasting.data.order import are_dates, check_order
from forecasting.data.panel import Panel
from forecasting.data.steps import OFF, Steps, parse_step, steps_of
from forecasting.data.timestamps import first_row
from foundation.errors import DataError, quoted

INFER = "infer"
ROWS = "rows"  # the next row is the next step, whatever lies between
SPARSEST = 1000  # steps per row: beyond it the times or the step are wrong, and the grid is huge


def regular_panel(
    panel: Panel, *, frequency: str, gaps: str, max_gap: int, varying: bool = True
) -> Panel:
    """Check that every series has even steps, the same in all, with gaps where they are accepted.

    Args:
        panel: Series as the table has them; missing values are nan.
        frequency: A pandas offset such as `h`, `15min`, `D` or `MS`; `infer`; or `rows`: the next row
            is the next step.
        gaps: `error` refuses missing rows and values; `interpolate` and `skip` accept them, to be
            filled where a window reads them (see `filling`), or to be left out with their windows.
        max_gap: The longest run of missing values that `interpolate` accepts, in steps.
        varying: Whether every column must have more than one value.

    Returns:
        The same columns over every step, for each series from the first time at which all of them
        are observed to the last at which one is observed; missing values are nan, none in a first row.
        Series that never have all columns are left out.

    Raises:
        DataError: Times unsorted or doubled, uneven steps, missing or infinite values, gaps that
            are too long, a constant feature.
        ParamsError: The frequency is none, or does not go forward.
    """
    check_order(panel)
    _check_finite(panel)
    if frequency != ROWS:
        step = _infer_step(panel) if frequency == INFER else parse_step(frequency, panel.times[0])
        panel = _on_grid(panel, step, inferred=frequency == INFER, allow_missing=gaps != "error")
    panel = trim(panel, gaps=gaps, max_gap=max_gap) if gaps != "error" else check_gaps(panel)
    if varying:
        _check_variation(panel)
    return panel


def _check_finite(panel: Panel) -> None:
    infinite = np.isinf(panel.values)
    if infinite.any():
        row, column = (int(i[0]) for i in np.nonzero(infinite))
        raise DataError(
            f"Feature {quoted(panel.columns[column])}{panel.of(panel.series_of(row))} is infinite in "
            f"row {panel.row_in_table(row)} ({panel.times[row]}).",
            "Correct the cell, or, if it stands "
            f"for a missing value, empty it and set {ACCEPT_GAPS}.",
        )


def _infer_step(panel: Panel) -> BaseOffset:
    """Take the step that most neighbours have, or the calendar's, as for months."""
    times = panel.times.asi8
    inside = np.ones(max(0, len(times) - 1), dtype=bool)
    inside[panel.offsets[1:-1] - 1] = False  # from the end of a series to the start of the next
    between = np.diff(times)[inside]
    if len(between) < 2:
        raise DataError(
            f"The table is too short to infer its step from (rows: {len(times)}).",
            "Give more rows, or set ingest.frequency.",
        )
    steps, counts = np.unique(between, return_counts=True)
    if len(steps) > 1:
        with pd.option_context("future.infer_freq_returns_offset", True):
            calendar = pd.infer_freq(panel.times.unique().sort_values())
        # even steps of all times together are those of series that lie between each other's
        if calendar is not None and not isinstance(calendar, Tick | Day):
            return calendar
    return to_offset(pd.Timedelta(int(steps[counts.argmax()]), unit="us"))


def _check_extent(panel: Panel, step: BaseOffset) -> None:
    """Refuse a series with absurdly many steps from its first to its last time."""
    first, second = pd.date_range(panel.times[0], periods=2, freq=step, unit="us").asi8
    times = panel.times.asi8
    starts, lasts = times[panel.offsets[:-1]], times[panel.offsets[1:] - 1]
    n_steps = (lasts - starts) / (second - first)
    sparse = n_steps > SPARSEST * panel.lengths
    if sparse.any():
        series = first_row(sparse)
        start, stop = panel.offsets[series : series + 2]
        raise DataError(
            f"{panel.named(series)} is almost all gaps: with a step of {step.freqstr}, about "
            f"{n_steps[series]:.3g} rows belong between {panel.times[start]} and "
            f"{panel.times[stop - 1]}, but the table has {stop - start}.",
            "Repair the times, or set ingest.frequency.",
        )


def _on_grid(panel: Panel, step: BaseOffset, *, inferred: bool, allow_missing: bool) -> Panel:
    """Give each series a row for every step from its first to its last time."""
    _check_extent(panel, step)
    times = panel.times.asi8
    first_times = times[panel.offsets[:-1]]
    steps = steps_of(step, first_times, last=int(times.max()))
    starts = np.repeat(first_times, panel.lengths)
    numbers = steps.numbers(times, starts)
    _check_on_grid(panel, numbers, step)
    lengths = numbers[panel.offsets[1:] - 1] + 1
    if (lengths == panel.lengths).all():
        return panel
    if inferred:
        _check_same_step(panel, numbers, step)
    if not allow_missing:
        raise _missing_rows(panel, numbers, steps, step)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    shift = np.repeat(offsets[:-1], lengths)
    values = np.full((offsets[-1], len(panel.columns)), np.nan, order="F")
    values[numbers + np.repeat(offsets[:-1], panel.lengths)] = panel.values
    all_times = steps.times(np.arange(offsets[-1]) - shift, np.repeat(first_times, lengths))
    index = pd.DatetimeIndex(all_times.view("datetime64[us]"), name=panel.times.name)
    return replace(panel, values=values, times=index, offsets=offsets, raw_rows=None)


def _check_on_grid(panel: Panel, numbers: np.ndarray, step: BaseOffset) -> None:
    off_grid = numbers == OFF
    if not off_grid.any():
        return
    row = first_row(off_grid)
    series = panel.series_of(row)
    here = slice(panel.offsets[series], panel.offsets[series + 1])
    where = f"row {panel.row_in_table(row)} is {panel.times[row]}"
    if row > panel.offsets[series]:
        where += f", after {panel.times[row - 1]}"
    raise DataError(
        f"{panel.named(series)} is not evenly spaced: with a step of {step.freqstr}, {where}; off "
        f"the grid lie {off_grid[here].sum()} of {panel.lengths[series]} rows.",
        "Repair the table, or "
        "set ingest.frequency if the step is another (MS for months, B for business days).",
    )


def _check_same_step(panel: Panel, numbers: np.ndarray, step: BaseOffset) -> None:
    """Refuse a series whose rows all lie two or more of the steps apart that the others have."""
    apart = np.append(np.diff(numbers), 0)
    apart[panel.offsets[1:] - 1] = np.iinfo(np.int64).max
    least = np.minimum.reduceat(apart, panel.offsets[:-1])
    other = (least > 1) & (panel.lengths > 2)
    if panel.id is not None and other.any():
        series = first_row(other)
        raise DataError(
            f"{panel.named(series)} has a row every {least[series]} steps or less often, with the step "
            f"of {step.freqstr} that most rows have.",
            "Give all series one step, or set ingest.frequency if this one only has gaps.",
        )


def _missing_rows(panel: Panel, numbers: np.ndarray, steps: Steps, step: BaseOffset) -> DataError:
    """Name the first gap, between two rows of a series."""
    apart = np.diff(numbers) - 1
    apart[panel.offsets[1:-1] - 1] = 0
    row = first_row(apart > 0)
    series = panel.series_of(row)
    start = panel.times.asi8[panel.offsets[series], None]
    expected = pd.Timestamp(int(steps.times(numbers[row, None] + 1, start)[0]), unit="us")
    return DataError(
        f"{panel.named(series)} has gaps: {panel.times[row]} is followed by {panel.times[row + 1]}, "
        f"expected {expected} (step {step.freqstr}; missing rows in all: {apart.sum()}).",
        _gap_advice(panel.series(series).index),
    )


def _gap_advice(times: pd.DatetimeIndex) -> str:
    """Say what to do about missing rows, the likely cause first."""
    if are_business_days(times):
        return (
            "The times seem to be business days without holidays: set ingest.frequency: rows (the next "
            "row is the next step), or B and ingest.gaps: interpolate to have the holidays as gaps."
        )
    advice = f"Repair the table, or set {ACCEPT_GAPS}, or ingest.frequency if the step is another"
    if are_dates(times):
        return f"{advice}."
    return f"{advice}; if these are local times with daylight saving, set ingest.time_zone."


def are_business_days(times: pd.DatetimeIndex) -> bool:
    """Return True if the times are days from Monday to Friday, most of them."""
    days = times.normalize()
    business = len(np.unique(days)) == len(days) and (days.day_of_week < 5).all()
    possible = np.busday_count(days[0].date(), days[-1].date()) + 1
    return bool(business and len(days) >= 10 and len(days) > possible / 2)


def _check_variation(panel: Panel) -> None:
    _check_columns_vary(panel, panel.columns, panel.values, each="row")
    if panel.statics is not None:
        _check_columns_vary(panel, panel.covariates.static, panel.statics, each="series")


def _check_columns_vary(
    panel: Panel, names: Sequence[str], values: np.ndarray, *, each: str
) -> None:
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)  # which skip nan
    constant = low == high
    if constant.any():
        column = first_row(constant)
        name = names[column]
        raise DataError(
            f"Feature {quoted(name)} is constant: every {each} is "
            f"{panel.shown(name, float(low[column]))}. Leave it out of "
            f"{panel.covariates.parameter_of(name)}."
        )
