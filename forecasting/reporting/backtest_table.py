"""The forecasts of a backtest as a table: long, with the last known time and what happened."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.reporting.forecast_table import ID, NAME, TIME, bound_names

CUTOFF, ACTUAL = "cutoff", "y"  # as in the tables of Nixtla's libraries


def backtest_table(
    ids: Sequence[Sequence[str]],
    *,
    cutoffs: pd.DatetimeIndex,
    times: np.ndarray,
    actual: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
    model: str,
    bounds: np.ndarray,
    levels: Sequence[float],
) -> pd.DataFrame:
    """List forecasts with one row for each target of each window and step.

    Args:
        ids: For each window the names of its targets.
        cutoffs: Its last known time, shape (windows,).
        times: What its steps are of, shape (windows, steps).
        actual: What happened, shape (windows, steps, targets).
        forecasts: By forecaster, same shape.
        model: Which of them is the model; the others have columns of their own names.
        bounds: Ends of the model's intervals, shape (levels, 2, windows, steps, targets).
        levels: Of the intervals, in per cent.
    """
    _, n_steps, n_targets = actual.shape
    columns = {
        ID: np.repeat(np.array(ids, dtype=object)[:, None], n_steps, axis=1).ravel(),
        CUTOFF: cutoffs.repeat(n_steps * n_targets),
        TIME: pd.DatetimeIndex(np.repeat(times, n_targets, axis=1).ravel()),
        ACTUAL: actual.ravel(),
        NAME: forecasts[model].ravel(),
    }
    ends = bounds.reshape(2 * len(levels), -1)
    columns |= dict(zip(bound_names(NAME, levels), ends, strict=True))
    columns |= {name: each.ravel() for name, each in forecasts.items() if name != model}
    return pd.DataFrame(columns).astype({ID: "str"})
