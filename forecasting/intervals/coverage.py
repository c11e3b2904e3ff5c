"""How often intervals held what happened, and how wide they were."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CoverageSums:
    """Sums over windows; those of two blocks can be added.

    Attributes:
        counts: Actual values known, with an interval, shape (levels, steps, targets).
        inside: Those that lay inside or on an end, same shape.
        widths: Sum of the widths of these intervals, in units of the series, same shape.
    """

    counts: np.ndarray
    inside: np.ndarray
    widths: np.ndarray

    def __add__(self, other: "CoverageSums") -> "CoverageSums":
        return CoverageSums(
            self.counts + other.counts, self.inside + other.inside, self.widths + other.widths
        )

    @property
    def coverage(self) -> np.ndarray:
        """Share of the actual values inside, shape (levels, steps, targets); nan where none is known."""
        return _share(self.inside, self.counts)

    @property
    def mean_width(self) -> np.ndarray:
        """Mean width, same shape."""
        return _share(self.widths, self.counts)


def coverage_sums(actual: np.ndarray, bounds: np.ndarray) -> CoverageSums:
    """Add up a block of windows.

    Args:
        actual: What happened, shape (windows, steps, targets); nan where it is not known.
        bounds: Lower and upper ends, shape (levels, 2, windows, steps, targets); nan where there are none.
    """
    lower, upper = bounds[:, 0], bounds[:, 1]
    known = ~np.isnan(actual) & ~np.isnan(lower)
    inside = known & (lower <= actual) & (actual <= upper)
    widths = np.where(known, upper - lower, 0.0)
    return CoverageSums(known.sum(axis=1), inside.sum(axis=1), widths.sum(axis=1))


def _share(part: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.where(counts > 0, part / np.maximum(counts, 1), np.nan)
