"""What `evaluate`, `forecast` and answers have in common: forecasts of the newest rows, ready to be shown."""

import pandas as pd

from forecasting.data.panel import Panel
from forecasting.intervals.newest_forecast import NewestForecast, newest_forecast
from forecasting.reporting.forecast_table import series_ids
from foundation.params import Params
from stages.storage.predictions import Predictions


def with_intervals(
    params: Params, panel: Panel, newest: Predictions, intervals: pd.DataFrame
) -> tuple[NewestForecast, list[list[str]]]:
    """Put times, intervals and names to forecasts of the newest rows.

    Args:
        params: All parameters.
        panel: The series, with their covariates.
        newest: The forecasts.
        intervals: The table of intervals.

    Returns:
        The forecasts, and for each of their series the names of its targets.
    """
    found = newest_forecast(
        panel,
        newest.series,
        newest.forecasts,
        intervals,
        lookback=params.windowing.lookback,
        frequency=params.ingest.frequency,
        least=params.model.targets_min,
    )
    names = [panel.names[number] for number in found.series]
    return found, series_ids(names, panel.targets, has_id=panel.id is not None)
