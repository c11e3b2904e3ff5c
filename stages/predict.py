"""Predict: forecast the windows of validation and test with the trained model, and the newest rows.

With `train` the only stage that starts TensorFlow. It forecasts as many steps as are wanted of the newest
rows: those beyond the model's horizon are fed back, so that the errors of each step are known.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from forecasting.data.encoding import check_inputs, encoded_rows, encoded_statics
from forecasting.data.input_scaling import fit_input_scaling
from forecasting.data.newest import newest_windows
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs, inputs_from
from forecasting.data.scaling import check_scaling
from forecasting.data.split import PREDICTED, axis_of, check_chronological, gap_rows
from forecasting.data.windows import series_numbers
from forecasting.models.raw_units import covariate_scaling_of, load_model, scaling_of
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.panel_forecaster import PanelForecaster, whole_horizons
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import NEWEST, Predictions, windows_of_block

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    inputs, model = inputs_from(artifacts.INPUTS.load()), load_model(artifacts.MODEL.path)
    _check_model(model, inputs, panel, split, method=params.model.scaler)
    _check_split(params, panel, split)
    n_steps = max(params.windowing.horizon, params.forecast.horizon)
    windows = _windows(split) | {NEWEST: _newest(params, panel, n_steps)}
    forecaster = PanelForecaster(
        model, panel, inputs, n_steps=n_steps, frequency=params.ingest.frequency
    )
    size = windows_of_block(n_steps * len(panel.targets))
    artifacts.PREDICTIONS.save_predictions(
        _predicted(part, block, forecaster)
        for part, rows in windows.items()
        for block in _blocks(rows, size)
    )
    counts = ", ".join(f"{len(rows)} {part}" for part, rows in windows.items() if len(rows))
    log.info("predict: %d steps from %s windows", n_steps, counts)


def _check_model(
    model: Any, inputs: ModelInputs, panel: Panel, split: pd.DataFrame, *, method: str
) -> None:
    """Assert that nothing but the training windows told the model how to read and scale its inputs."""
    check_inputs(inputs, panel, split)
    scaling = fit_input_scaling(
        encoded_rows(panel, inputs),
        encoded_statics(panel, inputs),
        inputs=inputs,
        split=split,
        method=method,
    )
    check_scaling(scaling_of(model), scaling.window)
    for name, expected in scaling.covariates.items():
        check_scaling(covariate_scaling_of(model, name), expected.as_stored())


def _check_split(params: Params, panel: Panel, split: pd.DataFrame) -> None:
    """Assert that nothing leaked into the split."""
    if params.split.method == "chronological":
        axis = axis_of(panel.times, panel.offsets, panel.stops)
        check_chronological(split, gap=gap_rows(params.split.gap, split), axis=axis)


def _windows(split: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the windows of each part to predict, by series and time."""
    split = split.sort_values("input_start")
    return {part: split[split["part"] == part] for part in PREDICTED}


def _newest(params: Params, panel: Panel, n_steps: int) -> pd.DataFrame:
    windows, sentences = newest_windows(
        panel,
        lookback=params.windowing.lookback,
        n_ahead=whole_horizons(n_steps, horizon=params.windowing.horizon),
        skip_gaps=params.ingest.gaps == "skip",
    )
    for sentence in sentences:
        log.warning("predict: %s", sentence)
    return windows


def _blocks(windows: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    for first in range(0, len(windows), size):
        yield windows.iloc[first : first + size]


def _predicted(part: str, windows: pd.DataFrame, forecaster: PanelForecaster) -> Predictions:
    series, stops = series_numbers(windows), windows["input_stop"].to_numpy()
    return Predictions(part, series, stops - 1, forecaster.forecast(series, stops))


if __name__ == "__main__":
    run_stage(run)
