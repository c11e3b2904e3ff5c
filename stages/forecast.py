"""Forecast: what comes after the newest rows, with intervals, in the form that other tools read.

The newest rows are the end of the series, whose forecasts are stored, or those of a newer table: that is
read as the raw table was, held against what the model was trained on, and forecast here.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel
from forecasting.data.roles import inputs_from
from forecasting.intervals.newest_forecast import NewestForecast
from forecasting.reporting.forecast_table import long_table
from forecasting.reporting.newest_plot import draw_newest
from foundation.params import Params
from stages.newer import forecast_newest, newer_table, read_newer
from stages.newest_forecasts import with_intervals
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import Predictions

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    newer = Path(params.forecast.input) != artifacts.NEWEST.path
    panel, newest, intervals = _forecast_newer(params) if newer else _stored(params)
    found, ids = with_intervals(params, panel, newest, intervals)
    if found.sentence is not None:
        log.warning("forecast: %s", found.sentence)
    table = long_table(found, ids=ids)
    artifacts.FORECAST.save(table)
    artifacts.FORECAST_CSV.save(table)
    artifacts.NEWEST_PLOT.save(draw_newest(panel, found, ids))
    _log_result(found)


def _stored(params: Params) -> tuple[Panel, Predictions, pd.DataFrame]:
    """Read the series, the forecasts of their newest rows, and the table of intervals."""
    panel = artifacts.SERIES.load_panel()
    n_targets, n_steps = len(panel.targets), params.forecast.horizon
    newest = artifacts.NEWEST.newest(n_targets=n_targets, n_steps=n_steps)
    return panel, newest, artifacts.INTERVALS.load()


def _forecast_newer(params: Params) -> tuple[Panel, Predictions, pd.DataFrame]:
    """Read a newer table, and forecast its newest rows with the model as it is."""
    document = artifacts.INPUTS.load()
    inputs = inputs_from(document)
    table, model = params.forecast.input, artifacts.FINAL_MODEL.path
    panel = read_newer(params, table, inputs, document)
    with newer_table(table):
        made = forecast_newest(params, panel, inputs, model, n_steps=params.forecast.horizon)
    return panel, *made


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
