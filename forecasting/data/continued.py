"""Series that have grown: the rows that a model was tried on, and what came after them in a newer table."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from forecasting.data.panel import Panel


class Continued(NamedTuple):
    """Older and newer rows, each once.

    Attributes:
        panel: The older series, each with the newer rows that continue it; below them the newer series
            that continue none.
        older: By how many rows each older series has moved, shape (older series,).
        newer: The same of the newer ones; a row of theirs that continues nothing, as the older series
            has it too, is at the place of that one. Shape (newer series,).
        numbers: The number of each newer series in the panel, same shape.
    """

    panel: Panel
    older: np.ndarray
    newer: np.ndarray
    numbers: np.ndarray


def continue_series(older: Panel, newer: Panel) -> Continued:
    """Put the rows of newer series after those of the older ones of the same name.

    A newer series continues an older one if it has the time of its last row. If it begins later, the rows
    between them are not known, and it is a series of its own.

    Args:
        older: Series in even steps, without covariates.
        newer: Series in the same steps, with the same columns.
    """
    pieces = [[slice(*bounds)] for bounds in zip(older.offsets, older.offsets[1:], strict=False)]
    known = {name: number for number, name in enumerate(older.names)}
    stacked = len(older.values)  # rows of the newer table come after those of the older one
    numbers, same = np.empty((2, len(newer.names)), dtype=np.int64)
    for k, name in enumerate(newer.names):
        first, stop = newer.offsets[k : k + 2]
        numbers[k], same[k] = known.get(name, -1), -1
        if numbers[k] >= 0:
            same[k] = _row_of(newer, k, older.times[older.offsets[numbers[k] + 1] - 1])
        if same[k] >= 0:
            pieces[numbers[k]].append(slice(stacked + same[k] + 1, stacked + stop))
        else:
            numbers[k] = len(pieces)
            pieces.append([slice(stacked + first, stacked + stop)])
    rows = np.concatenate([np.arange(each.start, each.stop) for parts in pieces for each in parts])
    lengths = [sum(each.stop - each.start for each in parts) for parts in pieces]
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    moved = offsets[: len(older.names)] - older.offsets[:-1]
    ends = (older.offsets[1:] + moved)[np.minimum(numbers, len(moved) - 1)] - 1
    places = np.where(same >= 0, ends - same, offsets[numbers] - newer.offsets[:-1])
    names = [*older.names, *(newer.names[k] for k in np.flatnonzero(same < 0))]
    panel = replace(
        older,
        values=np.concatenate([older.values, newer.values])[rows],
        times=older.times.append(newer.times)[rows],
        offsets=offsets,
        names=tuple(names),
        raw_rows=None,
    )
    return Continued(panel, moved, places, numbers)


def _row_of(panel: Panel, series: int, time: object) -> int:
    """Find the row of a series at a time; -1 where there is none."""
    first, stop = panel.offsets[series : series + 2]
    row = int(first + panel.times[first:stop].searchsorted(time))
    return row if row < stop and panel.times[row] == time else -1
