"""What a window reads where the series has missing cells: filled from its own past alone.

The rule is one for training, validation, test and forecast. A missing cell lies on the straight
line between its observed neighbours if the later one comes before the window's end; after the last
observed value before that end, the cell repeats this value. So no window reads what lies behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Readable(Protocol):
    """A series that windows read."""

    def read(self, rows: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Read rows as windows do that end before `stops`: shape (*rows.shape, features)."""


@dataclass(frozen=True)
class FilledSeries:
    """A series, and what stands in for its missing cells.

    A cell on a line depends on the window: whether its later neighbour is known at the window's end.

    Attributes:
        line: Shape (rows, features); missing cells lie on the line between their neighbours.
        last: Same shape; missing cells repeat the observed value before them. `line` itself where
            nothing is missing.
        known_at: Same shape, int32: the row in which `line` becomes known, the cell's own if it was
            observed, the next observed one if not. None where nothing is missing.
    """

    line: np.ndarray
    last: np.ndarray
    known_at: np.ndarray | None = None

    def read(self, rows: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Read rows as windows do that end before `stops`.

        Args:
            rows: Positions, any shape. Those at a window's end or later must be observed.
            stops: The row after the last that each window reads; broadcasts against `rows`.

        Returns:
            Shape (*rows.shape, features).
        """
        if self.known_at is None:
            return self.line[rows]
        known = self.known_at[rows] < np.asarray(stops)[..., None]
        return np.where(known, self.line[rows], self.last[rows])

    def first(self, n_columns: int) -> "FilledSeries":
        """Return the first columns."""
        if n_columns == self.line.shape[1]:
            return self
        known_at = None if self.known_at is None else self.known_at[:, :n_columns]
        return FilledSeries(self.line[:, :n_columns], self.last[:, :n_columns], known_at)

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> "FilledSeries":
        """Apply an affine change of units, which keeps lines lines."""
        if self.known_at is None:
            changed = change(self.line)
            return FilledSeries(changed, changed)
        return FilledSeries(change(self.line), change(self.last), self.known_at)


@dataclass(frozen=True)
class Rescaled:
    """A series read in other units; a changed copy of it would take as much memory again.

    Attributes:
        series: In its own units.
        change: An affine change of units, which keeps lines lines.
    """

    series: FilledSeries
    change: Callable[[np.ndarray], np.ndarray]

    def read(self, rows: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Read rows as `FilledSeries.read` does, and change their units."""
        return self.change(self.series.read(rows, stops))


def fill(values: np.ndarray, offsets: np.ndarray | None = None) -> FilledSeries:
    """Prepare a series, or series below each other, for reading.

    Args:
        values: Shape (rows, features), in any units; missing cells are nan, none in the first row
            of a series.
        offsets: Rows at which series begin, and the number of rows; None for one series.
    """
    missing = np.isnan(values)
    if not missing.any():
        return FilledSeries(values, values)
    earlier, later = _neighbours(missing)
    if offsets is not None:  # what comes after a series is never known to it
        later[later >= np.repeat(offsets[1:], np.diff(offsets))[:, None]] = len(values)
    line, last = values.copy(), np.take_along_axis(values, earlier, axis=0)
    for column, gaps in enumerate(missing.T):
        rows, observed = np.flatnonzero(gaps), np.flatnonzero(~gaps)
        # halves, as a difference of doubles may overflow
        on_line = 2 * np.interp(rows, observed, values[observed, column] / 2)
        known = later[rows, column] < len(values)
        line[rows, column] = np.where(known, on_line, last[rows, column])
    return FilledSeries(line, last, later)


def earliest_rows(missing: np.ndarray) -> np.ndarray:
    """Return for each row the earliest one whose value may enter what a window reads there.

    Args:
        missing: Marks the missing cells, shape (rows, features); none in the first row of a series.

    Returns:
        The row itself where all cells are observed, else the earliest observed neighbour before it;
        shape (rows,).
    """
    earlier, _ = _neighbours(missing)
    return earlier.min(axis=1)


def _neighbours(missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find for each cell the observed ones before and after it, the cell itself if it is observed.

    Returns:
        Their rows, the number of all rows where there is none after it; int32, shape of `missing`.
    """
    n_rows = len(missing)
    rows = np.arange(n_rows, dtype=np.int32)[:, None]
    earlier = np.maximum.accumulate(np.where(missing, 0, rows), axis=0)
    later = np.minimum.accumulate(np.where(missing, n_rows, rows)[::-1], axis=0)[::-1]
    return earlier, later
