"""Which columns tell the series of a long table apart: those within whose values no time stands twice."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from forecasting.inspection.findings import (
    CERTAIN,
    ID,
    LIKELY,
    OPEN,
    Finding,
    Setting,
    counted,
    listed,
)

MOST_IDS = 3  # columns that together tell series apart


def find_ids(
    times: pd.DatetimeIndex, columns: Mapping[str, np.ndarray]
) -> dict[tuple[str, ...], int]:
    """Find the columns, or the sets of columns, within each value of which no time stands twice.

    Args:
        times: (rows,) With doubled ones.
        columns: (rows,) each: the numbers of its values, -1 for a missing one.

    Returns:
        Sets of as few columns as possible, each with its number of series, those with the fewest first.
    """
    numbers = pd.factorize(times)[0].astype(np.int64)
    most = int(np.bincount(numbers).max())
    few = {
        name: code
        for name, code in columns.items()
        if code.min() >= 0 and 1 < code.max() + 1 <= len(times) // 2
    }
    for n_columns in range(1, MOST_IDS + 1):
        fitting = {}
        for names in combinations(few, n_columns):
            series = joined([few[name] for name in names])
            n_series = int(series.max()) + 1
            if n_series <= max(2 * most, most + 8) and _tells_apart(numbers, series):
                fitting[names] = n_series
        if fitting:
            return dict(sorted(fitting.items(), key=lambda each: each[1]))
    return {}


def joined(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Number the combinations of codes. (rows,) int64."""
    series = codes[0]
    for other in codes[1:]:
        series = pd.factorize(series * (int(other.max()) + 1) + other)[0].astype(np.int64)
    return series


def _tells_apart(numbers: np.ndarray, series: np.ndarray) -> bool:
    keys = numbers * (int(series.max()) + 1) + series
    keys.sort()  # in place: a table of hashes would take six times the memory
    return bool((keys[1:] != keys[:-1]).all())


def describe_ids(n_series: Mapping[tuple[str, ...], int]) -> Finding:
    """Say which column tells series apart; of two with as many series the first, as they are one.

    Args:
        n_series: What `find_ids` found, one set of columns at least.
    """
    best, *others_fitting = n_series
    value: Setting = best[0] if len(best) == 1 else list(best)
    n = n_series[best]
    others = [names for names in others_fitting if n_series[names] != n]
    found = f"{' and '.join(map(repr, best))}: {counted(n, 'series', 'series')}"
    reason = "times stand once within each value"
    if others:
        choices = tuple(
            {ID: names[0] if len(names) == 1 else list(names)} for names in [best, *others]
        )
        return Finding(
            "id", f"{found}; or {listed(map(' and '.join, others))}", OPEN, reason, choices=choices
        )
    same = [" and ".join(names) for names in others_fitting]
    also = f"; {listed(same)} would do as well" if same else ""
    return Finding("id", found, LIKELY if same else CERTAIN, reason + also, {ID: value})
