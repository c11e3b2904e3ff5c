"""Which of the validation windows calibrate the intervals, and which choose the epoch."""

import numpy as np
import pandas as pd

from forecasting.data.split import CALIBRATION, UNUSED, VALIDATION, Axis
from forecasting.data.windows import window_lengths


def halves(
    starts: np.ndarray, stops: np.ndarray, *, first: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide windows into blocks of rows, and the blocks by turns.

    Neighbouring windows have nearly the same errors, so windows are not divided one by one. A window that
    predicts rows of two blocks is in neither half.

    Args:
        starts: First row, or date, that each window predicts, shape (windows,).
        stops: The one after the last, same shape.
        first: Where the first block begins.
        length: Rows, or dates, of a block: as many as a window reads and predicts.

    Returns:
        The windows of the first, third, ... block, and those of the second, fourth, ...: two masks of
        shape (windows,).
    """
    block = (starts - first) // length
    inside = (stops - 1 - first) // length == block
    return inside & (block % 2 == 0), inside & (block % 2 == 1)


def with_calibration(parts: pd.Categorical, windows: pd.DataFrame, axis: Axis) -> pd.Categorical:
    """Give every second block of the validation part to the calibration of the intervals.

    What chose the epoch does not tell how far forecasts of unseen rows go wrong. A block is as long as a
    window reads and predicts, by the same dates for all series; windows across two blocks become
    unused. A validation part of a single block stays as it is.

    Args:
        parts: The part of each window, of a chronological split.
        windows: The window table.
        axis: Where the rows stand in time.
    """
    validation = np.asarray(parts == VALIDATION)
    starts = axis.ranks[windows["target_start"].to_numpy()]
    stops = axis.ranks[windows["target_stop"].to_numpy() - 1] + 1
    first, length = int(starts[validation].min()), sum(window_lengths(windows))
    choosing, calibrating = halves(starts, stops, first=first, length=length)
    if not (validation & calibrating).any():
        return parts
    found = parts.add_categories([CALIBRATION])
    found[validation & calibrating] = CALIBRATION
    found[validation & ~calibrating & ~choosing] = UNUSED
    return found
