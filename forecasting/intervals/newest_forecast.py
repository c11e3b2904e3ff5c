"""The forecast after the newest rows: values, intervals and times."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.ahead import times_ahead
from forecasting.data.filling import fill
from forecasting.data.panel import Panel
from forecasting.intervals.conformal import interval_bounds
from forecasting.intervals.scales import scales_before
from forecasting.intervals.table import is_scaled, levels_of, offsets_of


@dataclass(frozen=True)
class NewestForecast:
    """What is forecast of series, in units of the table.

    Attributes:
        series: Their numbers, shape (series,).
        values: Shape (series, steps, targets).
        bounds: Lower and upper ends, shape (levels, 2, series, steps, targets); nan where none is known.
        times: Shape (series, steps).
        levels: Of the intervals, in per cent.
        sentence: What a reader should know of the times; None if nothing.
    """

    series: np.ndarray
    values: np.ndarray
    bounds: np.ndarray
    times: np.ndarray
    levels: list[float]
    sentence: str | None


def newest_forecast(
    panel: Panel,
    series: np.ndarray,
    values: np.ndarray,
    intervals: pd.DataFrame,
    *,
    lookback: int,
    frequency: str,
    least: float | None,
) -> NewestForecast:
    """Put times and intervals to forecasts of the newest rows.

    Args:
        panel: All series, with their covariates.
        series: The numbers of those that were forecast, shape (series,).
        values: Their forecasts, shape (series, steps, targets).
        intervals: The table of intervals, of these steps or more.
        lookback: Rows that a window reads.
        frequency: The parameter ingest.frequency.
        least: The least value that a target can have; None for no bound.
    """
    n_steps = values.shape[1]
    ahead = times_ahead(panel, frequency=frequency, n_steps=n_steps)
    offsets = offsets_of(intervals, n_steps=n_steps, targets=panel.targets)
    scales = None
    if is_scaled(intervals):
        targets = panel.only_targets()
        filled = fill(targets.values, targets.offsets)
        scales = scales_before(filled, panel.stops[series], lookback=lookback)
    bounds = interval_bounds(values, offsets, scales=scales, least=least)
    return NewestForecast(
        series, values, bounds, ahead.times[series], levels_of(intervals), ahead.sentence
    )
