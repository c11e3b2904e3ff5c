"""Train: fit the network on the training windows and store it with its scaler in one file."""

import logging
from typing import Any, NamedTuple

import numpy as np

from forecasting.data.filling import FilledSeries, fill
from forecasting.data.scaling import Scaling, fit_scaling
from forecasting.data.split import TRAIN, keeps_best, monitored_part
from forecasting.data.windows import covered_rows, window_lengths
from forecasting.models.build import build_network
from forecasting.models.raw_units import raw_unit_model
from forecasting.reporting.remarks import epoch_sentence
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.fit import TrainingConfig, fit
from forecasting.training.learning_curve import kept_epoch
from forecasting.training.state import State
from foundation.packages import LOCK_FILE
from foundation.params import Params, Section
from stages.progress import epoch_progress
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.checkpoints import Checkpoint, checkpoint_folder
from stages.storage.stage_key import stage_key

log = logging.getLogger(__name__)


class Windows(NamedTuple):
    """First rows of the windows of two parts, each of shape (windows,), and their lengths in rows."""

    train: np.ndarray
    monitored: np.ndarray
    monitored_part: str
    lookback: int
    horizon: int


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    windows = _windows()
    scaling, series = _scaled_series(windows, method=params.model.scaler)
    network = build_network(
        lookback=windows.lookback,
        n_features=series.line.shape[1],
        horizon=windows.horizon,
        layers=[layer.model_dump() for layer in params.model.layers],
        seed=params.seed,
        normalise=params.model.normalise,
    )
    config = _config(params, monitored=windows.monitored_part)
    checkpoint = Checkpoint(checkpoint_folder(), _key(params))
    with epoch_progress(config.epochs) as report:
        curve = fit(
            network,
            config,
            series=series,
            train_starts=windows.train,
            validation_starts=windows.monitored,
            report=report,
            resume=_resumed(checkpoint),
            save=checkpoint.save,
        )
    artifacts.MODEL.save(raw_unit_model(network, scaling))
    artifacts.TRAINING.save(curve)
    checkpoint.remove()
    log.info(
        "train: %d windows, %d weights in the network. %s",
        len(windows.train),
        network.count_params(),
        epoch_sentence(kept=kept_epoch(curve), of=len(curve), best=config.keep_best),
    )


def _windows() -> Windows:
    """Take from the split, which is as long as the series, what the training needs of it."""
    split = artifacts.SPLIT.load()
    monitored = monitored_part(split)
    train, watched = (
        split.loc[split["part"] == part, "input_start"].to_numpy() for part in (TRAIN, monitored)
    )
    return Windows(train, watched, monitored, *window_lengths(split))


def _scaled_series(windows: Windows, *, method: str) -> tuple[Scaling, FilledSeries]:
    """Fit the scaling on the rows of the training windows and scale the series with it.

    Returns:
        The scaling, and the scaled series, float32.
    """
    values, features = artifacts.SERIES.load_values()
    stops = windows.train + windows.lookback + windows.horizon
    rows = covered_rows(windows.train, stops, n_rows=len(values))
    scaling = fit_scaling(values, rows, method=method, features=features)
    return scaling, fill(values, artifacts.SERIES.load_offsets()).map(scaling.apply_float32)


def _config(params: Params, *, monitored: str) -> TrainingConfig:
    return TrainingConfig(
        epochs=params.train.epochs,
        batch_size=params.train.batch_size,
        optimizer=params.train.optimizer.model_dump(),
        loss=params.train.loss,
        seed=params.seed,
        keep_best=keeps_best(params.train.keep, monitored),
        early_stopping=_arguments(params.train.early_stopping),
        reduce_lr_on_plateau=_arguments(params.train.reduce_lr_on_plateau),
    )


def _arguments(section: Section | None) -> dict[str, Any] | None:
    return None if section is None else section.model_dump()


def _resumed(checkpoint: Checkpoint) -> State | None:
    """Load where an interrupted training was, and log it; None if there was none."""
    state = checkpoint.load()
    if state is not None:
        log.info("train: resuming after epoch %d, where it was interrupted", len(state.history))
    return state


def _key(params: Params) -> str:
    return stage_key(
        {
            "model": params.model.model_dump(),
            "seed": params.seed,
            "train": params.train.model_dump(),
        },
        inputs=[artifacts.SERIES.path, artifacts.SPLIT.path, LOCK_FILE],
    )


if __name__ == "__main__":
    run_stage(run)
