"""Forecast: what comes after the newest rows, with intervals, in the form that other tools read."""

import logging

import numpy as np

from forecasting.intervals.newest_forecast import NewestForecast, newest_forecast
from forecasting.reporting.forecast_table import long_table, series_ids
from forecasting.reporting.newest_plot import draw_newest
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    panel = artifacts.SERIES.load_panel()
    newest = artifacts.NEWEST.newest(n_targets=len(panel.targets), n_steps=params.forecast.horizon)
    found = newest_forecast(
        panel,
        newest.series,
        newest.forecasts,
        artifacts.INTERVALS.load(),
        lookback=params.windowing.lookback,
        frequency=params.ingest.frequency,
        least=params.model.targets_min,
    )
    if found.sentence is not None:
        log.warning("forecast: %s", found.sentence)
    names = [panel.names[number] for number in found.series]
    ids = series_ids(names, panel.targets, has_id=panel.id is not None)
    table = long_table(found, ids=ids)
    artifacts.FORECAST.save(table)
    artifacts.FORECAST_CSV.save(table)
    artifacts.NEWEST_PLOT.save(draw_newest(panel, found, ids))
    _log_result(found)


def _log_result(found: NewestForecast) -> None:
    if not len(found.series):
        log.warning("forecast: nothing is forecast, see the stage predict")
        return
    first, last = np.datetime_as_string([found.times.min(), found.times.max()], unit="s")
    log.info(
        "forecast: %d series, %d steps, from %s to %s; %s",
        len(found.series),
        found.values.shape[1],
        *(text.replace("T", " ") for text in (first, last)),
        artifacts.FORECAST_CSV.path,
    )


if __name__ == "__main__":
    run_stage(run)
