"""Missing values: which are refused, and where series begin and end because of them."""

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel, listed
from forecasting.data.timestamps import first_row
from foundation.errors import DataError, quoted


def check_gaps(panel: Panel) -> Panel:
    """Refuse any missing value; return the panel."""
    missing = np.isnan(panel.values)
    if not missing.any():
        return panel
    column = first_row(missing.any(axis=0))
    row = first_row(missing[:, column])
    raise DataError(
        f"Feature {quoted(panel.columns[column])}{panel.of(panel.series_of(row))} has no value in row "
        f"{panel.row_in_table(row)} ({panel.times[row]}; missing values in all: {missing.sum()}). "
        "Repair the table, or set ingest.gaps: interpolate."
    )


def trim(panel: Panel, *, gaps: str, max_gap: int) -> Panel:
    """Cut rows in which nothing is observed off the ends, and those before all columns have begun.

    Args:
        panel: Series in even steps; missing values are nan.
        gaps: `interpolate`, or `skip`, with which gaps may have any length.
        max_gap: The longest run of missing values that `interpolate` accepts, in steps.

    Returns:
        Series without a missing value in their first row. What never has a value in some column is
        left out.

    Raises:
        DataError: A gap is too long, a column has no value, or no series is left.
    """
    missing = np.isnan(panel.values)
    if not missing.any():
        return panel
    _check_columns(panel, missing)
    some = ~missing.all(axis=1)
    first, last = _first_marked(panel, some), _last_marked(panel, some)
    rows = np.arange(len(missing))
    inside = (rows >= np.repeat(first, panel.lengths)) & (rows <= np.repeat(last, panel.lengths))
    if gaps == "interpolate":
        kept = panel.take(inside)
        _check_gap_lengths(kept, np.isnan(kept.values), max_gap)
    begun = np.max([_first_marked(panel, ~column) for column in missing.T], axis=0)
    trimmed = panel.take(inside & (rows >= np.repeat(begun, panel.lengths)))
    if not len(trimmed.values):
        raise DataError(
            "No series has a value in every feature. Leave features that are often missing out of "
            "ingest.targets."
        )
    return trimmed


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
            f"Feature {quoted(panel.columns[empty[0]])} has no value in any row. Leave it "
            "out of ingest.targets."
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
                f"than ingest.max_gap={max_gap}. Repair the table, or raise ingest.max_gap."
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
            f"{listed(_names(raw, ~kept))} left out: a feature has no value in any row"
        )
    if (late := begins > first_times).any():
        sentences.append(_trimmed(series, late, "before", begins, "not every feature has begun"))
    if (early := ends < last_times).any():
        sentences.append(_trimmed(series, early, "after", ends, "nothing is observed there"))
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
