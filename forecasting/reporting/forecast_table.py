"""Forecasts as tables: long, as Nixtla's tools write and darts reads them, or with a column per target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.panel import JOINT
from forecasting.intervals.newest_forecast import NewestForecast

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


def long_table(found: NewestForecast, *, ids: Sequence[Sequence[str]]) -> pd.DataFrame:
    """List forecasts with one row for each target of each series and time, sorted by both.

    Args:
        found: The forecasts.
        ids: The name of each target of each series, as `series_ids` gives them.
    """
    shape = found.values.shape  # (series, steps, targets)
    names = [name for targets in ids for name in targets]  # by series, then target
    order = sorted(range(len(names)), key=names.__getitem__)
    ends = found.bounds.reshape(2 * len(found.levels), *shape)
    columns = np.concatenate([found.values[None], ends])
    values = columns.transpose(0, 1, 3, 2).reshape(len(columns), len(names), shape[1])[:, order]
    times = np.repeat(found.times, shape[2], axis=0)[order]  # (series * targets, steps)
    table = {
        ID: np.repeat(np.array([names[number] for number in order], dtype=object), shape[1]),
        TIME: pd.DatetimeIndex(times.ravel()),
    }
    headings = [NAME, *bound_names(NAME, found.levels)]
    table |= dict(zip(headings, values.reshape(len(values), -1), strict=True))
    return pd.DataFrame(table).astype({ID: "str"})


def wide_table(
    found: NewestForecast, *, names: Sequence[str] | None, targets: Sequence[str]
) -> pd.DataFrame:
    """List forecasts with one row for each series and time, and the columns of each target.

    Args:
        found: The forecasts.
        names: The names of the series, sorted; None where the table has a single one.
        targets: The names of the targets.
    """
    n_series, n_steps, _ = found.values.shape
    table: dict[str, Any] = {}
    if names is not None:
        table[ID] = np.repeat(np.array(names, dtype=object), n_steps)
    table[TIME] = pd.DatetimeIndex(found.times.ravel())
    ends = found.bounds.reshape(2 * len(found.levels), n_series * n_steps, len(targets))
    for number, target in enumerate(targets):
        table[target] = found.values[:, :, number].ravel()
        headings = bound_names(target, found.levels)
        table |= dict(zip(headings, ends[..., number], strict=True))
    return pd.DataFrame(table).astype({ID: "str"} if names is not None else {})
