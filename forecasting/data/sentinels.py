"""Numbers that may stand for missing values, such as -9999: named, never changed."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.timestamps import first_row
from foundation.errors import quoted

# What loggers and archives write for "missing", in six digits: -99.9, 9999, 1e+20, the default of
# netCDF, the ends of integer types
CODE = re.compile(
    r"-99|-99\.9+|-?9{3,}(\.9+)?|-?7{4}|-?8{4}|-?1e\+[123]\d|9\.96921e\+36|"
    r"-32768|32767|65535|-?2\.14748e\+09"
)
# How far from the nearest other value is far, in spans of all other values. For codes a less
# distance is enough: -999 next to a radiation of 0 to 1100 W/m2.
FAR_NEGATIVE_CODE, FAR_CODE, FAR = 0.5, 3.0, 20.0
OFTEN_CODE, OFTEN = 2, 3  # rows that hold it
RARE = (
    0.1  # share of the rows; a level that is more frequent is a state, such as a machine turned off
)
MANY = 10  # other values; fewer are states, too


@dataclass(frozen=True)
class Sentinel:
    """A number that may stand for missing values.

    Attributes:
        value: The number.
        n_rows: How many rows hold it.
        low: The least of the other values.
        high: The greatest of them.
    """

    value: float
    n_rows: int
    low: float
    high: float


def sentinel_warnings(table: pd.DataFrame) -> list[str]:
    """Say for each column which of its numbers may stand for missing values, and how to leave them out."""
    return [
        f"Column {quoted(name)} holds {found.value:.6g} in {found.n_rows} rows (the first is row "
        f"{first_row(table[name].to_numpy() == found.value) + 1}), far from all other values "
        f"({found.low:.6g} to {found.high:.6g}). It is read as a number; if it stands for missing "
        f"values, set ingest.missing_values: [{found.value:.15g}] and ingest.gaps."
        for name in table
        for found in find_sentinels(table[name].to_numpy())
    ]


def find_sentinels(values: np.ndarray) -> list[Sentinel]:
    """Find values that occur again and again, far outside all others.

    Args:
        values: (rows,), missing ones as nan.

    Returns:
        None for values that a column may well have: zeros, a limit that is often reached, states.
    """
    numbers, counts = np.unique(values[np.isfinite(values)], return_counts=True)  # sorted
    start, stop = 0, len(numbers)
    while start < stop and is_code(numbers[start]) and counts[start] >= OFTEN_CODE:
        start += 1
    while start < stop and is_code(numbers[stop - 1]) and counts[stop - 1] >= OFTEN_CODE:
        stop -= 1
    candidates = [
        (at, numbers[start:stop], FAR_NEGATIVE_CODE if numbers[at] < 0 else FAR_CODE)
        for at in (*range(start), *range(stop, len(numbers)))
    ]
    if stop - start > MANY:
        candidates += [
            (at, others, FAR)
            for at, others in (
                (start, numbers[start + 1 : stop]),
                (stop - 1, numbers[start : stop - 1]),
            )
            if numbers[at] != 0 and OFTEN <= counts[at] <= RARE * counts.sum()
        ]
    return [
        Sentinel(float(numbers[at]), int(counts[at]), float(others[0]), float(others[-1]))
        for at, others, spans in candidates
        if _is_far(float(numbers[at]), others, spans)
    ]


def is_code(number: float) -> bool:
    """Return True for a number that loggers and archives write for a missing value."""
    return CODE.fullmatch(f"{number:.6g}") is not None


def _is_far(number: float, others: np.ndarray, spans: float) -> bool:
    """Return True if the number lies beyond the others, which are sorted, by so many of their spans."""
    if not others.size:
        return False
    low, high = float(others[0]), float(others[-1])
    return max(low - number, number - high) > spans * (high - low)
