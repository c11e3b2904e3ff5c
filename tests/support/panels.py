"""Small panels for tests: many series below each other."""

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel


def panel(*series, columns=("a",), step="D"):
    """Stack series named a, b, c ..., each given as its first time and its values per row."""
    values = [np.array(each, dtype=float).reshape(len(each), -1) for _, each in series]
    times = [
        pd.date_range(start, periods=len(each), freq=step, unit="us") for start, each in series
    ]
    return Panel(
        values=np.concatenate(values),
        times=pd.DatetimeIndex(np.concatenate(times), name="time"),
        offsets=np.cumsum([0, *map(len, values)]),
        names=tuple("abcdefgh"[: len(series)]),
        columns=tuple(columns),
        id="shop",
    )


def without(given, rows):
    """Leave rows out of a panel, as a table with gaps does."""
    mask = np.ones(len(given.values), dtype=bool)
    mask[rows] = False
    return given.take(mask)
