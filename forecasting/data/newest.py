"""The newest window of each series, the one that a forecast is made from; and those of forecasts before it."""

import numpy as np
import pandas as pd

from forecasting.data.ahead import known_steps
from forecasting.data.panel import Panel, listed
from forecasting.data.timestamps import first_row
from foundation.errors import quoted


def newest_windows(
    panel: Panel, *, lookback: int, n_ahead: int, skip_gaps: bool
) -> tuple[pd.DataFrame, list[str]]:
    """List the last window of each series, and say which series have none to forecast from.

    Args:
        panel: The series.
        lookback: Rows that a window reads.
        n_ahead: Steps after it for which future covariates must be known.
        skip_gaps: Whether a window may not read a missing value.

    Returns:
        `series` (its number), and the columns of `window_table`, whose targets end with the rows of
        the series; and a sentence for each reason.
    """
    series = np.arange(len(panel.names))
    stops = panel.stops
    starts = stops - lookback
    short = starts < panel.offsets[:-1]
    gappy = ~short & skip_gaps & _reads_missing(panel, np.where(short, 0, starts), stops)
    unknown = ~short & ~gappy & (known_steps(panel, _after(panel), most=n_ahead) < n_ahead)
    sentences = []
    if short.any():
        reason = f"fewer rows than windowing.lookback ({lookback})"
        sentences.append(_sentence(panel, series[short], reason))
    if gappy.any():
        reason = f"a missing value among the last {lookback} rows, and ingest.gaps is skip"
        sentences.append(_sentence(panel, series[gappy], reason))
    if unknown.any():
        reason = _first_unknown(panel, first_row(unknown), n_ahead)
        sentences.append(_sentence(panel, series[unknown], reason))
    kept = ~(short | gappy | unknown)
    windows = {
        "series": series[kept].astype(np.int32),
        "input_start": starts[kept],
        "input_stop": stops[kept],
        "target_start": stops[kept],
        "target_stop": np.minimum(stops + n_ahead, panel.offsets[1:])[kept],
    }
    return pd.DataFrame(windows), sentences


def windows_after(
    panel: Panel, time: pd.Timestamp, *, lookback: int, skip_gaps: bool
) -> pd.DataFrame:
    """List the windows that end after a time, and after which something has happened.

    Args:
        panel: The series.
        time: The last row of each window is a later one.
        lookback: Rows that a window reads.
        skip_gaps: Whether a window may not read a missing value.

    Returns:
        The columns of `newest_windows`; the targets are the next row.
    """
    origins = np.arange(len(panel.values))
    begins, ends = (np.repeat(each, panel.lengths) for each in (panel.offsets[:-1], panel.stops))
    kept = (origins >= begins + lookback - 1) & (origins < ends - 1) & (panel.times > time)
    stops = origins[kept] + 1
    if skip_gaps:
        stops = stops[~_reads_missing(panel, stops - lookback, stops)]
    windows = {
        "series": panel.codes[stops - 1],
        "input_start": stops - lookback,
        "input_stop": stops,
        "target_start": stops,
        "target_stop": stops + 1,
    }
    return pd.DataFrame(windows)


def _after(panel: Panel) -> np.ndarray:
    """Return the row after the last target of each series; one past all rows where the series ends with it."""
    return np.where(panel.stops < panel.offsets[1:], panel.stops, len(panel.values))


def _reads_missing(panel: Panel, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    missing = np.isnan(panel.values).any(axis=1)
    before = np.concatenate([[0], np.cumsum(missing)])
    return before[starts] < before[stops]


def _first_unknown(panel: Panel, series: int, n_ahead: int) -> str:
    """Say which future covariate is missing first in a series."""
    n_future = len(panel.covariates.future)
    first, end = int(panel.stops[series]), int(panel.offsets[series + 1])
    unknown = np.isnan(panel.values[first : min(end, first + n_ahead), -n_future:])
    if not unknown.any():
        return (
            f"future covariates known for {end - first} steps{panel.of(series)}, up to "
            f"{panel.times[end - 1]}, and {n_ahead} are needed"
        )
    step = first_row(unknown.any(axis=1))
    name = panel.covariates.future[first_row(unknown[step])]
    return (
        f"no value of {quoted(name)} (ingest.future_covariates){panel.of(series)} at "
        f"{panel.times[first + step]}"
    )


def _sentence(panel: Panel, series: np.ndarray, reason: str) -> str:
    subject = "the series" if panel.id is None else listed([panel.names[n] for n in series])
    return f"{subject} cannot be forecast from the newest rows: {reason}."
