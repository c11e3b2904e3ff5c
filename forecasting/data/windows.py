"""Window geometry: which rows a forecast reads, and which rows it predicts.

All positions are row numbers of the series, or of the series below each other; ranges are half-open,
`start` to `stop`, and lie inside one series.
"""

import numpy as np
import pandas as pd

from foundation.errors import DataError

SERIES = "series"  # the column of a panel's windows that numbers their series


def window_table(n_rows: int, *, lookback: int, horizon: int, stride: int) -> pd.DataFrame:
    """List every window of one series that fits, in the order of time.

    Args:
        n_rows: Length of the series.
        lookback: Rows a forecast reads.
        horizon: Rows it predicts, the ones right after.
        stride: Rows from one window to the next.

    Returns:
        One row per window: `input_start`, `input_stop`, `target_start`, `target_stop` (int64).

    Raises:
        DataError: Not even one window fits.
    """
    first, lengths = np.zeros(1, dtype=np.int64), np.array([n_rows])
    start = _window_starts(first, lengths, length=lookback + horizon, stride=stride)
    if not len(start):
        raise _too_short("The series has", n_rows, lookback, horizon)
    return _positions(start, lookback, horizon)


def panel_windows(
    offsets: np.ndarray,
    *,
    lookback: int,
    horizon: int,
    stride: int,
    stops: np.ndarray | None = None,
) -> pd.DataFrame:
    """List every window that fits into one of several series, by series and time.

    Args:
        offsets: Rows at which the series begin, and the number of rows.
        lookback: Rows a forecast reads.
        horizon: Rows it predicts, the ones right after.
        stride: Rows from one window to the next, from the start of each series.
        stops: For each series the row at which its windows end; None for its end.

    Returns:
        `series` (its number, int32), and the columns of `window_table`.

    Raises:
        DataError: No series holds even one window.
    """
    lengths = np.diff(offsets) if stops is None else stops - offsets[:-1]
    start = _window_starts(offsets[:-1], lengths, length=lookback + horizon, stride=stride)
    if not len(start):
        raise _too_short("The longest series has", lengths.max(), lookback, horizon)
    series = np.searchsorted(offsets, start, side="right") - 1
    windows = _positions(start, lookback, horizon)
    windows.insert(0, SERIES, series.astype(np.int32))
    return windows


def count_windows(lengths: np.ndarray, *, lookback: int, horizon: int, stride: int) -> int:
    """Count the windows that fit into series of these lengths, whatever is missing in them."""
    return int(_windows_per_series(lengths, length=lookback + horizon, stride=stride).sum())


def _windows_per_series(lengths: np.ndarray, *, length: int, stride: int) -> np.ndarray:
    return np.maximum(0, (lengths - length) // stride + 1)


def _window_starts(
    starts: np.ndarray, lengths: np.ndarray, *, length: int, stride: int
) -> np.ndarray:
    """Give the first row of each window that fits, shape (windows,), int64."""
    counts = _windows_per_series(lengths, length=length, stride=stride)
    before = np.cumsum(counts) - counts  # windows of earlier series
    number = np.arange(counts.sum(), dtype=np.int64) - np.repeat(before, counts)
    return np.repeat(starts, counts) + stride * number


def _positions(start: np.ndarray, lookback: int, horizon: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "input_start": start,
            "input_stop": start + lookback,
            "target_start": start + lookback,
            "target_stop": start + lookback + horizon,
        }
    )


def _too_short(having: str, n_rows: int, lookback: int, horizon: int) -> DataError:
    return DataError(
        f"{having} {n_rows} rows, but one window needs {lookback + horizon} "
        f"(windowing.lookback={lookback} + windowing.horizon={horizon}). "
        "Give a longer table, or shorten the lookback or the horizon."
    )


def observed_targets(windows: pd.DataFrame, observed: np.ndarray) -> pd.DataFrame:
    """Keep the windows whose targets were all observed: what was filled is never a target.

    Args:
        windows: The window table.
        observed: Marks the rows in which every target was observed, shape (rows,).

    Returns:
        Rows of the table, numbered from 0.

    Raises:
        DataError: None is left.
    """
    return _where_all(
        observed,
        windows,
        "target",
        none_left=f"Each of the {len(windows)} windows has a missing value among the "
        f"{window_lengths(windows)[1]} rows that it predicts, and what is filled in is never "
        "predicted. Shorten windowing.horizon, leave the columns with many gaps out of "
        "ingest.targets, or set ingest.frequency if the step is another.",
    )


def known_ahead(windows: pd.DataFrame, known: np.ndarray) -> pd.DataFrame:
    """Keep the windows whose future covariates are all known over the horizon: none is filled there.

    Args:
        windows: The window table.
        known: Marks the rows in which every future covariate has a value, shape (rows,).

    Returns:
        Rows of the table, numbered from 0.

    Raises:
        DataError: None is left.
    """
    return _where_all(
        known,
        windows,
        "target",
        none_left=f"Each of the {len(windows)} windows has a missing future covariate among the "
        f"{window_lengths(windows)[1]} rows that it predicts. Shorten windowing.horizon, or leave "
        "the columns with many gaps out of ingest.future_covariates.",
    )


def observed_inputs(windows: pd.DataFrame, observed: np.ndarray) -> pd.DataFrame:
    """Keep the windows in which no value is missing, to be read or predicted.

    Args:
        windows: The window table.
        observed: Marks the rows in which every column was observed, shape (rows,).

    Returns:
        Rows of the table, numbered from 0.

    Raises:
        DataError: None is left.
    """
    return _where_all(
        observed,
        windows,
        "input",
        none_left=f"Each of the {len(windows)} windows has a missing value among the "
        f"{window_lengths(windows)[0]} rows that it reads, and ingest.gaps is skip. Shorten "
        "windowing.lookback, leave the columns with many gaps out of ingest.targets and the covariates, "
        "or set ingest.gaps: interpolate.",
    )


def _where_all(
    marked: np.ndarray, windows: pd.DataFrame, side: str, *, none_left: str
) -> pd.DataFrame:
    """Keep the windows whose rows on one side, `input` or `target`, are all marked."""
    before = np.concatenate([[0], np.cumsum(~marked)])  # (rows + 1,)
    starts, stops = (windows[f"{side}_{end}"].to_numpy() for end in ("start", "stop"))
    kept = windows[before[starts] == before[stops]]
    if not len(kept):
        raise DataError(none_left)
    return kept.reset_index(drop=True)


def window_lengths(windows: pd.DataFrame) -> tuple[int, int]:
    """Tell lookback and horizon, which all windows of a table have in common."""
    first = windows.iloc[0]
    return (
        int(first["input_stop"] - first["input_start"]),
        int(first["target_stop"] - first["target_start"]),
    )


def series_numbers(windows: pd.DataFrame) -> np.ndarray:
    """Return the number of each window's series, 0 where there is one series; shape (windows,)."""
    if SERIES in windows:
        return windows[SERIES].to_numpy()
    return np.zeros(len(windows), dtype=np.int32)


def without_windows(windows: pd.DataFrame, *, n_series: int) -> np.ndarray:
    """Return the numbers of the series that have no window."""
    return np.flatnonzero(np.bincount(series_numbers(windows), minlength=n_series) == 0)


def covered_rows(starts: np.ndarray, stops: np.ndarray, *, n_rows: int) -> np.ndarray:
    """Mark the rows that lie in at least one of the ranges.

    Args:
        starts: First row of each range, shape (ranges,).
        stops: The row after the last of each range, same shape.
        n_rows: Length of the series.

    Returns:
        A mask of shape (n_rows,).
    """
    steps = np.bincount(starts, minlength=n_rows + 1) - np.bincount(stops, minlength=n_rows + 1)
    return np.cumsum(steps[:n_rows]) > 0


def gather_targets(values: np.ndarray, windows: pd.DataFrame) -> np.ndarray:
    """Collect what really happened in each window's horizon.

    Args:
        values: The series, shape (rows, features).
        windows: Rows of a window table with one common horizon.

    Returns:
        Shape (windows, horizon, features).
    """
    _, horizon = window_lengths(windows)
    return values[windows["target_start"].to_numpy()[:, None] + np.arange(horizon)]
