"""In which unit errors are pooled over series that differ in size."""

import numpy as np


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
