"""Forecasts compared with what happened since, as far as newer tables know it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel


@dataclass(frozen=True)
class Realised:
    """How good a forecast was, as far as it is known.

    Attributes:
        known: How many of its values are known by now.
        mae: By target, the mean absolute error of those that are known; empty where none is.
        coverage: By level, the share of those with an interval that lie inside or on an end of it;
            None where none is known.
    """

    known: int
    mae: dict[str, float]
    coverage: dict[float, float | None]


def known_values(panel: Panel, ids: Sequence[Sequence[str]], wanted: pd.DataFrame) -> pd.DataFrame:
    """Look up what happened, in a table of series.

    Args:
        panel: The series; a missing value is not known.
        ids: The name of each target of each series, as `series_ids` gives them.
        wanted: The columns `id`, of such names, and `time`.

    Returns:
        With the index of `wanted`, the columns `actual`, nan where the table has no such series, time
        or value, and `target`, nan where it has no such series.
    """
    panel = panel.only_targets()
    names = [name for of_series in ids for name in of_series]  # by series, then target
    place = pd.Index(names).get_indexer(pd.Index(wanted["id"]))
    series, target = np.divmod(place, len(panel.columns))
    rows, there = _rows_of(panel, series, wanted["time"].to_numpy())
    there &= place >= 0
    actual = np.where(there, panel.values[rows, target], np.nan)
    labels = np.array([*panel.columns, None], dtype=object)[np.where(place >= 0, target, -1)]
    return pd.DataFrame({"actual": actual, "target": labels}, index=wanted.index)


def _rows_of(panel: Panel, series: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows of series at times, and mark those that are there; the others are row 0."""
    own, rank = np.unique(panel.times.asi8, return_inverse=True)
    keys = panel.codes.astype(np.int64) * len(own) + rank  # rising: by series, then time
    at = times.astype("datetime64[us]").astype(np.int64)
    found = np.minimum(np.searchsorted(own, at), len(own) - 1)
    wanted = series * len(own) + found
    rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    there = (own[found] == at) & (keys[rows] == wanted)
    return np.where(there, rows, 0), there


def realised(
    outcomes: pd.DataFrame, forecasts: np.ndarray, bounds: dict[float, np.ndarray]
) -> Realised:
    """Compare a forecast with what is known of what happened.

    Args:
        outcomes: As `known_values` gives them.
        forecasts: Shape (rows,).
        bounds: By level the lower and upper ends, shape (2, rows); nan where there are none.
    """
    actual = outcomes["actual"].to_numpy()
    errors = pd.Series(np.abs(forecasts - actual), index=outcomes.index).dropna()
    by_target = errors.groupby(outcomes["target"].loc[errors.index]).mean()
    return Realised(
        known=len(errors),
        mae={str(target): float(error) for target, error in by_target.items()},
        coverage={level: _share(ends, actual) for level, ends in bounds.items()},
    )


def _share(ends: np.ndarray, actual: np.ndarray) -> float | None:
    """Return the share of values inside, ends included."""
    known = ~np.isnan(actual) & ~np.isnan(ends[0])
    inside = (ends[0] <= actual) & (actual <= ends[1])
    return float(inside[known].mean()) if known.any() else None
