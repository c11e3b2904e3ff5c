"""In which unit errors are pooled over series that differ in size."""

import numpy as np

from forecasting.data.filling import Readable

WINDOWS = 512  # that are read at once; bounds memory


def window_scales(inputs: np.ndarray) -> np.ndarray:
    """Average how far each target moves in a step, within what a window reads.

    This is the scale of the mean absolute scaled error (Hyndman and Koehler, 2006), taken from the
    window itself: a series that the model has never seen needs no other numbers.

    Args:
        inputs: What windows read of the targets, shape (windows, lookback, targets).

    Returns:
        Shape (windows, targets); nan where a target does not move, so that nothing can be compared
        with it, and where the lookback is a single row.
    """
    if inputs.shape[1] < 2:
        return np.full((len(inputs), inputs.shape[2]), np.nan)
    steps = np.abs(np.diff(inputs, axis=1)).mean(axis=1)
    return np.where(steps > 0, steps, np.nan)


def scales_before(series: Readable, stops: np.ndarray, *, lookback: int) -> np.ndarray:
    """Return the scales of the windows that end before some rows.

    Args:
        series: The targets, as windows read them.
        stops: The row after the last that each window reads, shape (windows,).
        lookback: Rows that a window reads.

    Returns:
        As `window_scales`.
    """
    reads = np.arange(-lookback, 0)
    blocks = (stops[first : first + WINDOWS, None] for first in range(0, len(stops) or 1, WINDOWS))
    return np.concatenate([window_scales(series.read(ends + reads, ends)) for ends in blocks])
