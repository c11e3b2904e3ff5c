"""Missing values: which are refused, and where series begin and end because of them."""

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel, listed
from forecasting.data.timestamps import first_row
from foundation.errors import DataError, quoted

ACCEPT_GAPS = "ingest.gaps: interpolate or skip"  # the way out of what `error` refuses


def check_gaps(panel: Panel) -> Panel:
    """Refuse any missing value that a window reads or predicts.

    Returns:
        The series; where rows below the last target have future covariates, up to the last of them.
    """
    if panel.covariates.future:
        panel = panel.take(~_after(panel, _last_useful(panel)))
    missing = np.isnan(panel.values) & _needed(panel)
    if not missing.any():
        return panel
    column = first_row(missing.any(axis=0))
    row = first_row(missing[:, column])
    raise DataError(
        f"Feature {quoted(panel.columns[column])}{panel.of(panel.series_of(row))} has no value in row "
        f"{panel.row_in_table(row)} ({panel.times[row]}; missing values in all: {missing.sum()}).",
        _advice(panel, row),
    )


def _advice(panel: Panel, row: int) -> str:
    """Say what to do about a missing value: below the last target it is seldom a gap."""
    n_targets = len(panel.targets)
    observed = ~np.isnan(panel.values[:, :n_targets]).all(axis=1)
    if observed.any() and _after(panel, _last_marked(panel, observed))[row]:
        return (
            "No target has a value from there on. Cut these rows off, or name what is known in them in "
            "ingest.future_covariates."
        )
    return f"Repair the table, or set {ACCEPT_GAPS}."


def _last_useful(panel: Panel) -> np.ndarray:
    """Find the last row of each series with a target, or with a future covariate; shape (series,)."""
    known = ~np.isnan(panel.values)
    n_targets, n_future = len(panel.targets), len(panel.covariates.future)
    useful = known[:, :n_targets].any(axis=1)
    if n_future:
        useful |= known[:, -n_future:].any(axis=1)
    return _last_marked(panel, useful)


def _after(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Mark what lies after a row of each series."""
    return np.arange(len(panel.values)) > np.repeat(rows, panel.lengths)


def _needed(panel: Panel) -> np.ndarray:
    """Mark the cells that must have a value where no gap is accepted, shape (rows, columns).

    Below the last target these are the future covariates, each up to its own last value.
    """
    needed = np.ones(panel.values.shape, dtype=bool)
    ahead = panel.ahead
    if ahead.any():
        for column, name in enumerate(panel.columns):
            needed[ahead, column] = name in panel.covariates.future
            if name in panel.covariates.future:
                last = _last_marked(panel, ~np.isnan(panel.values[:, column]))
                needed[:, column] &= ~ahead | ~_after(panel, last)
    return needed


def trim(panel: Panel, *, gaps: str, max_gap: int) -> Panel:
    """Cut off the rows before every column has a value, and those after the last target.

    With `interpolate` a series begins when every column has begun; where one is missing in this first
    row, which nothing predicts, its last value before stands there. With `skip` it begins in the first row
    that lacks nothing. Rows after the last target stay where they have future covariates.

    Args:
        panel: Series in even steps; missing values are nan.
        gaps: `interpolate`, or `skip`, with which gaps may have any length.
        max_gap: The longest run of missing values that `interpolate` accepts, in steps.

    Returns:
        Series without a missing value in their first row: nothing is filled from the series above. A
        series without such a row is left out.

    Raises:
        DataError: A gap is too long, a column has no value, or no series is left.
    """
    missing = np.isnan(panel.values)
    if not missing.any():
        return panel
    _check_columns(panel, missing)
    rows = np.arange(len(missing))
    first = _first_marked(panel, ~missing.all(axis=1))
    inside = (rows >= np.repeat(first, panel.lengths)) & ~_after(panel, _last_useful(panel))
    if gaps == "interpolate":
        kept = panel.take(inside & ~panel.ahead)
        _check_gap_lengths(kept, np.isnan(kept.values), max_gap)
        begun = np.max([_first_marked(panel, ~column) for column in missing.T], axis=0)
    else:
        begun = _first_marked(panel, ~missing.any(axis=1))
    begun[begun >= panel.stops] = len(missing)  # too late for any target: not a row is kept
    trimmed = panel.take(inside & (rows >= np.repeat(begun, panel.lengths)))
    if not len(trimmed.values):
        raise DataError(
            "No series has a value in every column at or before its last target.",
            "Leave columns that are often missing out of ingest.targets and the covariates.",
        )
    firsts = begun[begun < len(missing)]
    trimmed.values[trimmed.offsets[:-1]] = _last_values(panel, missing, firsts)
    return trimmed


def _last_values(panel: Panel, missing: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what is known of each column in rows, or was last: shape (rows, columns)."""
    values = panel.values[rows]
    for place, column in np.argwhere(missing[rows]):
        first = panel.offsets[panel.series_of(rows[place])]
        observed = np.flatnonzero(~missing[first : rows[place], column])
        values[place, column] = panel.values[first + observed[-1], column]
    return values


def _first_marked(panel: Panel, marked: np.ndarray) -> np.ndarray:
    """Find the first marked row of each series, the number of all rows where there is none."""
    rows = np.where(marked, np.arange(len(marked)), len(marked))
    return np.minimum.reduceat(rows, panel.offsets[:-1])


def _last_marked(panel: Panel, marked: np.ndarray) -> np.ndarray:
    """Find the last marked row of each series, -1 where there is none."""
    return np.maximum.reduceat(np.where(marked, np.arange(len(marked)), -1), panel.offsets[:-1])


def _check_columns(panel: Panel, missing: np.ndarray) -> None:
    empty = np.flatnonzero(missing.all(axis=0))
    if empty.size:
        raise DataError(
            f"Feature {quoted(panel.columns[empty[0]])} has no value in any row.",
            f"Leave it out of {panel.covariates.parameter_of(panel.columns[empty[0]])}.",
        )


def _check_gap_lengths(panel: Panel, missing: np.ndarray, max_gap: int) -> None:
    for column, name in enumerate(panel.columns):
        starts, stops = _runs(missing[:, column], panel.offsets)
        whole = np.isin(starts, panel.offsets[:-1]) & np.isin(stops, panel.offsets[1:])
        long = (stops - starts > max_gap) & ~whole  # a column without a value has no gap
        if long.any():
            start, stop = starts[long][0], stops[long][0]
            raise DataError(
                f"Feature {quoted(name)}{panel.of(panel.series_of(start))} has a gap from "
                f"{panel.times[start]} to {panel.times[stop - 1]} (steps: {stop - start}), longer "
                f"than ingest.max_gap={max_gap}.",
                "Repair the table, or raise ingest.max_gap.",
            )


def _runs(marked: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the runs of marked rows, each inside one series: first rows, and rows after the last."""
    ends = np.zeros(len(marked), dtype=bool)
    ends[offsets[1:] - 1] = True
    begins = marked & np.concatenate([[True], ~marked[:-1] | ends[:-1]])
    stops = marked & np.concatenate([~marked[1:] | ends[:-1], [True]])
    return np.flatnonzero(begins), np.flatnonzero(stops) + 1


def trimmed_sentences(raw: Panel, series: Panel) -> list[str]:
    """Say which series were left out, and which begin or end where the table does not.

    Args:
        raw: The series as the table has them.
        series: What `regular_panel` made of them.
    """
    kept = np.isin(raw.names, series.names)
    first_times, last_times = (
        raw.times[raw.offsets[:-1]][kept],
        raw.times[raw.offsets[1:] - 1][kept],
    )
    begins, ends = series.times[series.offsets[:-1]], series.times[series.offsets[1:] - 1]
    sentences = []
    if not kept.all():
        sentences.append(
            f"{listed(_names(raw, ~kept))} left out: not every feature ever has a value"
        )
    if (late := begins > first_times).any():
        sentences.append(
            _trimmed(series, late, "before", begins, "not every feature has a value there")
        )
    if (early := ends < last_times).any():
        sentences.append(_trimmed(series, early, "after", ends, "no target is observed there"))
    if (ahead := series.ahead).any():
        first = series.times[ahead].min()
        sentences.append(f"{ahead.sum()} rows from {first} on have only what is known ahead")
    return sentences


def _trimmed(panel: Panel, where: np.ndarray, side: str, times: pd.DatetimeIndex, why: str) -> str:
    if panel.id is None:
        return f"the rows {side} {times[0]} are left out: {why}"
    end = "first" if side == "before" else "last"
    return f"{listed(_names(panel, where))} without their {end} rows: {why}"


def _names(panel: Panel, marked: np.ndarray) -> list[str]:
    return [panel.names[number] for number in np.flatnonzero(marked)]


def missing_sentence(share: float, *, gaps: str) -> str:
    """Say what share of the values is missing, and what is done about it."""
    done = "and filled to be read" if gaps == "interpolate" else "and left out with their windows"
    return f"{100 * share:.1f} % of the values are missing, {done}"
