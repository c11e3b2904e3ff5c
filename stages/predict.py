"""Predict: forecast the windows of validation and test with the trained model, and the newest rows.

With `train` the only stage that starts TensorFlow. It forecasts as many steps as are wanted of the newest
rows: those beyond the model's horizon are fed back, so that the errors of each step are known.
"""

import logging
from typing import Any

import pandas as pd

from forecasting.data.encoding import check_inputs, encoded_rows, encoded_statics
from forecasting.data.input_scaling import fit_input_scaling
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs, inputs_from
from forecasting.data.scaling import check_scaling
from forecasting.data.split import PREDICTED, TEST, axis_of, check_chronological, gap_rows
from forecasting.models.raw_units import covariate_scaling_of, load_model, scaling_of
from forecasting.training.determinism import seal_tensorflow
from foundation.params import Params
from stages.newest import Predictor
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import NEWEST

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    inputs, model = inputs_from(artifacts.INPUTS.load()), load_model(artifacts.MODEL.path)
    _check_model(model, inputs, panel, split, method=params.model.scaler)
    _check_split(params, panel, split)
    predictor = Predictor(params, model, panel, inputs)
    windows = _windows(split, test=params.evaluate.test) | {
        NEWEST: predictor.newest(stage="predict")
    }
    artifacts.PREDICTIONS.save_predictions(
        block for part, rows in windows.items() for block in predictor.blocks(part, rows)
    )
    counts = ", ".join(f"{len(rows)} {part}" for part, rows in windows.items() if len(rows))
    log.info("predict: %d steps from %s windows", predictor.n_steps, counts)


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


def _windows(split: pd.DataFrame, *, test: bool) -> dict[str, pd.DataFrame]:
    """Return the windows of each part to predict, by series and time; without the test's if it is not to be scored."""
    split = split.sort_values("input_start")
    return {part: split[split["part"] == part] for part in PREDICTED if test or part != TEST}


if __name__ == "__main__":
    run_stage(run)
