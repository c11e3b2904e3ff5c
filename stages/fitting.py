"""What `train` and `refit` have in common: from series, windows and parameters to a model."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecasting.data.encoding import Statics, encoded_rows, encoded_statics
from forecasting.data.filling import FilledSeries, fill
from forecasting.data.input_scaling import InputScaling, fit_input_scaling
from forecasting.data.panel import Panel
from forecasting.data.roles import FUTURE, PAST, STATIC, WINDOW, ModelInputs
from forecasting.data.split import TRAIN, keeps_best
from forecasting.data.windows import window_lengths
from forecasting.models.build import build_network
from forecasting.models.raw_units import raw_unit_model
from forecasting.training.fit import TrainingConfig, fit
from forecasting.training.state import State
from foundation.packages import LOCK_FILE
from foundation.params import Params, Section
from stages.progress import epoch_progress
from stages.storage.checkpoints import Checkpoint, checkpoint_folder
from stages.storage.stage_key import stage_key

log = logging.getLogger(__name__)


class Prepared(NamedTuple):
    """What training reads: series, the first rows of their windows, and their scaling."""

    series: FilledSeries
    statics: Statics | None
    scaling: InputScaling
    train_starts: np.ndarray
    monitored_starts: np.ndarray
    lookback: int
    horizon: int


class Trained(NamedTuple):
    """A trained model in raw units, its learning curve, and the checkpoint to remove once both are stored."""

    model: Any
    curve: pd.DataFrame
    checkpoint: Checkpoint


def prepare(
    panel: Panel, split: pd.DataFrame, inputs: ModelInputs, *, monitored: np.ndarray, method: str
) -> Prepared:
    """Encode and scale what windows read, by what training rows tell.

    Args:
        panel: The series.
        split: The windows, each with its part.
        inputs: What the model reads.
        monitored: First row of each window that is watched while training.
        method: The parameter model.scaler.
    """
    rows, statics = encoded_rows(panel, inputs), encoded_statics(panel, inputs)
    scaling = fit_input_scaling(rows, statics, inputs=inputs, split=split, method=method)
    return Prepared(
        fill(rows, panel.offsets).map(scaling.rows.apply_float32),
        _scaled(statics, scaling),
        scaling,
        split.loc[split["part"] == TRAIN, "input_start"].to_numpy(),
        monitored,
        *window_lengths(split),
    )


def _scaled(statics: Statics | None, scaling: InputScaling) -> Statics | None:
    if statics is None or scaling.static is None:
        return None
    return statics._replace(values=scaling.static.apply_float32(statics.values))


def config_of(params: Params, *, monitored: str) -> TrainingConfig:
    """Take from the parameters how a network is trained.

    Args:
        params: All of them.
        monitored: The part that is watched while training.
    """
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


def train_model(
    params: Params, found: Prepared, config: TrainingConfig, *, stage: str, read: list[Path]
) -> Trained:
    """Train a network, or resume where an interrupted training of the same key was.

    Args:
        params: All of them.
        found: What training reads.
        config: How.
        stage: Its name.
        read: The files that it reads.
    """
    network = _network(params, found)
    checkpoint = Checkpoint(checkpoint_folder(), _key(params, read))
    with epoch_progress(config.epochs) as report:
        curve = fit(
            network,
            config,
            series=found.series,
            statics=found.statics,
            train_starts=found.train_starts,
            validation_starts=found.monitored_starts,
            report=report,
            resume=_resumed(checkpoint, stage),
            save=checkpoint.save,
        )
    log.info(
        "%s: %d windows, %d weights in the network",
        stage,
        len(found.train_starts),
        network.count_params(),
    )
    scaling, least = found.scaling, params.model.targets_min
    model = raw_unit_model(network, scaling.window, scaling.covariates, least=least)
    return Trained(model, curve, checkpoint)


def _network(params: Params, found: Prepared) -> Any:
    columns = found.scaling.inputs.columns()
    return build_network(
        lookback=found.lookback,
        n_features=len(columns[WINDOW]),
        horizon=found.horizon,
        layers=[layer.model_dump() for layer in params.model.layers],
        seed=params.seed,
        normalise=params.model.normalise,
        n_past=len(columns.get(PAST, [])),
        n_future=len(columns.get(FUTURE, [])),
        n_static=len(columns.get(STATIC, [])),
    )


def _resumed(checkpoint: Checkpoint, stage: str) -> State | None:
    """Load where an interrupted training was, and log it; None if there was none."""
    state = checkpoint.load()
    if state is not None:
        done = len(state.history)
        log.info("%s: resuming after epoch %d, where it was interrupted", stage, done)
    return state


def _key(params: Params, read: list[Path]) -> str:
    return stage_key(
        {
            "model": params.model.model_dump(),
            "seed": params.seed,
            "train": params.train.model_dump(),
        },
        inputs=[*read, LOCK_FILE],
    )
