"""Train: fit the network on the training windows and store it with its scaler in one file."""

import logging
from typing import Any

import numpy as np

from forecasting.determinism import seal_tensorflow
from forecasting.network import build_network, raw_unit_model
from forecasting.partition import TRAIN, VALIDATION, monitored_part, training_rows
from forecasting.scaling import fit_scaling
from forecasting.training import fit
from forecasting.windows import window_lengths
from stages import _artifacts as artifacts
from stages._params import Params, Section
from stages._progress import epoch_progress
from stages._run import run_stage

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    series, split = artifacts.SERIES.load(), artifacts.SPLIT.load()
    values = series.to_numpy()  # (rows, features)
    scaling = fit_scaling(
        values[training_rows(split, n_rows=len(values))],
        method=params.train.scaler,
        features=list(series.columns),
    )
    monitored = monitored_part(split)
    keep = params.train.keep
    starts = {
        part: split.loc[split["part"] == part, "input_start"].to_numpy()
        for part in (TRAIN, monitored)
    }
    lookback, horizon = window_lengths(split)
    network = build_network(
        lookback=lookback,
        n_features=values.shape[1],
        horizon=horizon,
        layers=[layer.model_dump() for layer in params.train.layers],
        seed=params.seed,
    )
    with epoch_progress(params.train.epochs) as report:
        history = fit(
            network,
            series=scaling.apply(values).astype(np.float32),
            train_starts=starts[TRAIN],
            validation_starts=starts[monitored],
            epochs=params.train.epochs,
            batch_size=params.train.batch_size,
            optimizer=params.train.optimizer.model_dump(),
            loss=params.train.loss,
            seed=params.seed,
            keep_best=keep == "best" or (keep == "auto" and monitored == VALIDATION),
            early_stopping=_arguments(params.train.early_stopping),
            reduce_lr_on_plateau=_arguments(params.train.reduce_lr_on_plateau),
            report=report,
        )
    artifacts.MODEL.save(raw_unit_model(network, scaling))
    artifacts.TRAINING.save(history)
    log.info(
        "train: %d windows, %d epochs, %d weights",
        len(starts[TRAIN]),
        len(history),
        network.count_params(),
    )


def _arguments(section: Section | None) -> dict[str, Any] | None:
    return None if section is None else section.model_dump()


if __name__ == "__main__":
    run_stage(run)
