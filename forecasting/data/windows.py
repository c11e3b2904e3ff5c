"""Window geometry: which rows a forecast reads, and which rows it predicts.

All positions are row numbers of the series; ranges are half-open, `start` to `stop`.
"""

import numpy as np
import pandas as pd

from foundation.errors import DataError


def window_table(n_rows: int, *, lookback: int, horizon: int, stride: int) -> pd.DataFrame:
    """List every window that fits, in the order of time.

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
    length = lookback + horizon
    if n_rows < length:
        raise DataError(
            f"The series has {n_rows} rows, but one window needs {length} "
            f"(windowing.lookback={lookback} + windowing.horizon={horizon}). "
            "Give a longer table, or shorten the lookback or the horizon."
        )
    start = np.arange(0, n_rows - length + 1, stride, dtype=np.int64)  # (windows,)
    return pd.DataFrame(
        {
            "input_start": start,
            "input_stop": start + lookback,
            "target_start": start + lookback,
            "target_stop": start + length,
        }
    )


def observed_targets(windows: pd.DataFrame, observed: np.ndarray) -> pd.DataFrame:
    """Keep the windows whose targets were all observed: what was filled is never a target.

    Args:
        windows: The window table.
        observed: Marks the rows in which every feature was observed, shape (rows,).

    Returns:
        Rows of the table, numbered from 0.

    Raises:
        DataError: None is left.
    """
    missing_before = np.concatenate([[0], np.cumsum(~observed)])  # (rows + 1,)
    starts, stops = windows["target_start"].to_numpy(), windows["target_stop"].to_numpy()
    kept = windows[missing_before[starts] == missing_before[stops]]
    if not len(kept):
        raise DataError(
            f"Each of the {len(windows)} windows has a missing value among the "
            f"{window_lengths(windows)[1]} rows that it predicts, and what is filled in is never "
            "predicted. Shorten windowing.horizon, leave the columns with many gaps out of "
            "ingest.features, or set ingest.frequency if the step is another."
        )
    return kept.reset_index(drop=True)


def window_lengths(windows: pd.DataFrame) -> tuple[int, int]:
    """Tell lookback and horizon, which all windows of a table have in common."""
    first = windows.iloc[0]
    return (
        int(first["input_stop"] - first["input_start"]),
        int(first["target_stop"] - first["target_start"]),
    )


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
