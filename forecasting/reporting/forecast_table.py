"""Forecasts as tables: long, as Nixtla's tools write and darts reads them, or with a column per target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.data.panel import JOINT

NAME = "exactcast"  # of the forecaster, in the names of columns
ID, TIME = "unique_id", "ds"


def series_ids(names: Sequence[str], targets: Sequence[str], *, has_id: bool) -> list[list[str]]:
    """Name each target of each series, as in the column `unique_id`.

    Args:
        names: The names of the series.
        targets: The names of the targets.
        has_id: Whether the table has many series; one without a name is told by its targets alone.

    Returns:
        For each series the names of its targets.
    """
    if not has_id:
        return [list(targets)]
    if len(targets) == 1:
        return [[name] for name in names]
    return [[f"{name}{JOINT}{target}" for target in targets] for name in names]


def bound_names(name: str, levels: Sequence[float]) -> list[str]:
    """Name the columns of the intervals of a forecast: `exactcast-lo-80`, `exactcast-hi-80`, ..."""
    return [f"{name}-{end}-{level:g}" for level in levels for end in ("lo", "hi")]


def long_table(
    forecasts: np.ndarray,
    bounds: np.ndarray,
    *,
    times: np.ndarray,
    ids: Sequence[Sequence[str]],
    levels: Sequence[float],
) -> pd.DataFrame:
    """List forecasts with one row for each target of each series and time, sorted by both.

    Args:
        forecasts: Shape (series, steps, targets).
        bounds: Lower and upper ends, shape (levels, 2, series, steps, targets).
        times: Shape (series, steps).
        ids: The name of each target of each series, as `series_ids` gives them.
        levels: Of the intervals, in per cent.
    """
    n_series, n_steps, n_targets = forecasts.shape
    names = [name for targets in ids for name in targets]  # by series, then target
    order = sorted(range(len(names)), key=names.__getitem__)
    columns = np.concatenate([forecasts[None], bounds.reshape(-1, *forecasts.shape)])
    values = columns.transpose(0, 1, 3, 2).reshape(-1, n_series * n_targets, n_steps)[:, order]
    of_series = np.repeat(times, n_targets, axis=0)[order]  # (series * targets, steps)
    table = {
        ID: np.repeat(np.array([names[number] for number in order], dtype=object), n_steps),
        TIME: pd.DatetimeIndex(of_series.ravel()),
    }
    values = values.reshape(len(values), -1)
    return pd.DataFrame(
        table | dict(zip([NAME, *bound_names(NAME, levels)], values, strict=True))
    ).astype({ID: "str"})


def wide_table(
    forecasts: np.ndarray,
    bounds: np.ndarray,
    *,
    times: np.ndarray,
    names: Sequence[str] | None,
    targets: Sequence[str],
    levels: Sequence[float],
) -> pd.DataFrame:
    """List forecasts with one row for each series and time, and the columns of each target.

    Args:
        forecasts: Shape (series, steps, targets).
        bounds: Lower and upper ends, shape (levels, 2, series, steps, targets).
        times: Shape (series, steps).
        names: The names of the series, sorted; None where the table has a single one.
        targets: The names of the targets.
        levels: Of the intervals, in per cent.
    """
    n_series, n_steps, _ = forecasts.shape
    table = {TIME: pd.DatetimeIndex(times.ravel())}
    if names is not None:
        table = {ID: np.repeat(np.array(names, dtype=object), n_steps)} | table
    ends = bounds.reshape(-1, n_series * n_steps, len(targets))
    for number, target in enumerate(targets):
        table[target] = forecasts[:, :, number].ravel()
        table |= dict(zip(bound_names(target, levels), ends[..., number], strict=True))
    return pd.DataFrame(table).astype({ID: "str"} if names is not None else {})
