"""Train: fit the network on the training windows and store it with its scaler in one file."""

import logging
from typing import Any

import numpy as np

from forecasting.data.filling import FilledSeries, fill
from forecasting.data.scaling import Scaling, fit_scaling
from forecasting.data.split import TRAIN, keeps_best, monitored_part
from forecasting.data.windows import covered_rows, window_lengths
from forecasting.models.build import build_network
from forecasting.models.raw_units import raw_unit_model
from forecasting.reporting.remarks import epoch_sentence
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.fit import fit, kept_epoch
from foundation.packages import LOCK_FILE
from foundation.params import Params, Section
from stages.progress import epoch_progress
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.checkpoints import Checkpoint, checkpoint_folder
from stages.storage.stage_key import stage_key

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    split = artifacts.SPLIT.load()
    monitored = monitored_part(split)
    starts = {
        part: split.loc[split["part"] == part, "input_start"].to_numpy()
        for part in (TRAIN, monitored)
    }
    lookback, horizon = window_lengths(split)
    del split  # it is as long as the series
    scaling, series = _scaled_series(
        starts[TRAIN], length=lookback + horizon, method=params.train.scaler
    )
    network = build_network(
        lookback=lookback,
        n_features=series.line.shape[1],
        horizon=horizon,
        layers=[layer.model_dump() for layer in params.train.layers],
        seed=params.seed,
    )
    checkpoint = Checkpoint(checkpoint_folder(), _key(params))
    state = checkpoint.load()
    if state is not None:
        log.info("train: resuming after epoch %d, where it was interrupted", len(state.history))
    keep_best = keeps_best(params.train.keep, monitored)
    with epoch_progress(params.train.epochs) as report:
        history = fit(
            network,
            series=series,
            train_starts=starts[TRAIN],
            validation_starts=starts[monitored],
            epochs=params.train.epochs,
            batch_size=params.train.batch_size,
            optimizer=params.train.optimizer.model_dump(),
            loss=params.train.loss,
            seed=params.seed,
            keep_best=keep_best,
            early_stopping=_arguments(params.train.early_stopping),
            reduce_lr_on_plateau=_arguments(params.train.reduce_lr_on_plateau),
            report=report,
            resume=state,
            save=checkpoint.save,
        )
    artifacts.MODEL.save(raw_unit_model(network, scaling))
    artifacts.TRAINING.save(history)
    checkpoint.remove()
    log.info(
        "train: %d windows, %d weights in the network. %s",
        len(starts[TRAIN]),
        network.count_params(),
        epoch_sentence(kept=kept_epoch(history), of=len(history), best=keep_best),
    )


def _scaled_series(
    train_starts: np.ndarray, *, length: int, method: str
) -> tuple[Scaling, FilledSeries]:
    """Fit the scaling on the rows of the training windows and scale the series with it.

    Returns:
        The scaling, and the scaled series, float32.
    """
    values, features = artifacts.SERIES.load_values()
    rows = covered_rows(train_starts, train_starts + length, n_rows=len(values))
    scaling = fit_scaling(values, rows, method=method, features=features)
    return scaling, fill(values).map(scaling.apply_float32)


def _key(params: Params) -> str:
    return stage_key(
        {"seed": params.seed, "train": params.train.model_dump()},
        inputs=[artifacts.SERIES.path, artifacts.SPLIT.path, LOCK_FILE],
    )


def _arguments(section: Section | None) -> dict[str, Any] | None:
    return None if section is None else section.model_dump()


if __name__ == "__main__":
    run_stage(run)
