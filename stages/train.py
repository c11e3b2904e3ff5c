"""Train: fit the network on the training windows and store it with its scaler in one file.

A second file says what it reads: which columns in which order, and the categories of columns of text.
"""

import logging
from typing import Any, NamedTuple

import numpy as np

from forecasting.data.encoding import Statics, encoded_rows, encoded_statics, find_inputs
from forecasting.data.filling import FilledSeries, fill
from forecasting.data.input_scaling import InputScaling, fit_input_scaling
from forecasting.data.roles import FUTURE, PAST, STATIC, WINDOW, inputs_document
from forecasting.data.seasons import step_of
from forecasting.data.split import TRAIN, keeps_best, monitored_part
from forecasting.data.windows import window_lengths
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


class Prepared(NamedTuple):
    """What training reads: series, the first rows of their windows, and their scaling."""

    series: FilledSeries
    statics: Statics | None
    scaling: InputScaling
    train_starts: np.ndarray
    monitored_starts: np.ndarray
    monitored_part: str
    lookback: int
    horizon: int


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    found = _prepared(method=params.model.scaler)
    network = _network(params, found)
    config = _config(params, monitored=found.monitored_part)
    checkpoint = Checkpoint(checkpoint_folder(), _key(params))
    with epoch_progress(config.epochs) as report:
        curve = fit(
            network,
            config,
            series=found.series,
            statics=found.statics,
            train_starts=found.train_starts,
            validation_starts=found.monitored_starts,
            report=report,
            resume=_resumed(checkpoint),
            save=checkpoint.save,
        )
    model = raw_unit_model(
        network,
        found.scaling.window,
        found.scaling.covariates,
        least=params.model.targets_min,
    )
    artifacts.MODEL.save(model)
    artifacts.TRAINING.save(curve)
    checkpoint.remove()
    log.info(
        "train: %d windows, %d weights in the network. %s",
        len(found.train_starts),
        network.count_params(),
        epoch_sentence(kept=kept_epoch(curve), of=len(curve), best=config.keep_best),
    )


def _prepared(*, method: str) -> Prepared:
    """Encode and scale what windows read, by what training rows tell; store how."""
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    inputs = find_inputs(panel, split)
    step = step_of(panel.longest_times())
    artifacts.INPUTS.save(inputs_document(inputs, step=step, id=panel.id))
    rows, statics = encoded_rows(panel, inputs), encoded_statics(panel, inputs)
    scaling = fit_input_scaling(rows, statics, inputs=inputs, split=split, method=method)
    monitored = monitored_part(split)
    train_starts, monitored_starts = (
        split.loc[split["part"] == part, "input_start"].to_numpy() for part in (TRAIN, monitored)
    )
    return Prepared(
        fill(rows, panel.offsets).map(scaling.rows.apply_float32),
        _scaled(statics, scaling),
        scaling,
        train_starts,
        monitored_starts,
        monitored,
        *window_lengths(split),
    )


def _scaled(statics: Statics | None, scaling: InputScaling) -> Statics | None:
    if statics is None or scaling.static is None:
        return None
    return statics._replace(values=scaling.static.apply_float32(statics.values))


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
