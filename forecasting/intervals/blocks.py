"""Which of the validation windows calibrate the intervals, and which choose the epoch."""

import numpy as np


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
