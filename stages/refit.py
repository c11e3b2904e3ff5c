"""Refit: the model that forecasts, and its forecasts of the newest rows.

With `forecast.refit: false` it is the evaluated model, copied without starting TensorFlow. With `true` it
is trained again on every window, the newest among them, by the epochs and learning rates that the
evaluated one was given; nothing is left to score it on.
"""

import dataclasses
import logging

import pandas as pd

from forecasting.data.encoding import check_categories
from forecasting.data.roles import inputs_from
from forecasting.data.split import TRAIN, monitored_part
from forecasting.training.learning_curve import kept_epoch
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import NEWEST

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    if params.forecast.refit:
        _train_again(params)
    else:
        _copy()


def _copy() -> None:
    n_targets = len(artifacts.SERIES.load_panel().targets)
    artifacts.FINAL_MODEL.copy(artifacts.MODEL.path)
    artifacts.NEWEST.save_predictions(artifacts.PREDICTIONS.blocks(NEWEST, n_targets=n_targets))
    log.info("refit: the evaluated model forecasts, as it is")


def _train_again(params: Params) -> None:
    # seconds to import, as they start TensorFlow: only where a model is trained
    from forecasting.training.determinism import seal_tensorflow
    from stages.fitting import config_of, prepare, train_model
    from stages.newest import Predictor

    seal_tensorflow(params.seed)
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    inputs, part = inputs_from(artifacts.INPUTS.load()), monitored_part(split)
    monitored = split.loc[split["part"] == part, "input_start"].to_numpy()
    every = split.assign(part=TRAIN)
    check_categories(panel, inputs, every)
    found = prepare(panel, every, inputs, monitored=monitored, method=params.model.scaler)
    rates = _learning_rates(artifacts.TRAINING.load())
    config = dataclasses.replace(
        config_of(params, monitored=part),
        epochs=len(rates),
        keep_best=False,
        early_stopping=None,
        reduce_lr_on_plateau=None,
        learning_rates=rates,
    )
    log.info(
        "refit: trains again, on all %d windows over %d epochs: with forecast.refit training takes twice as "
        "long",
        len(every),
        len(rates),
    )
    read = [artifacts.SERIES.path, artifacts.SPLIT.path, artifacts.TRAINING.path]
    trained = train_model(params, found, config, stage="refit", read=read)
    artifacts.FINAL_MODEL.save(trained.model)
    predictor = Predictor(params, trained.model, panel, inputs)
    newest = predictor.newest(stage="refit")
    artifacts.NEWEST.save_predictions(predictor.blocks(NEWEST, newest))
    trained.checkpoint.remove()


def _learning_rates(curve: pd.DataFrame) -> list[float]:
    """Take the rate of each epoch up to the one whose weights were kept."""
    rates: list[float] = curve["learning_rate"].iloc[: kept_epoch(curve)].tolist()
    return rates


if __name__ == "__main__":
    run_stage(run)
