"""Train: fit the network on the training windows and store it with its scaler in one file.

A second file says what it reads: which columns in which order, and the categories of columns of text.
"""

import logging
from typing import Any

from forecasting.data.encoding import find_inputs
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs, inputs_document
from forecasting.data.seasons import step_of
from forecasting.data.split import monitored_part
from forecasting.data.timestamps import time_of_day
from forecasting.reporting.remarks import epoch_sentence
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.learning_curve import kept_epoch
from foundation.params import Params
from stages.fitting import config_of, prepare, train_model
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    inputs = find_inputs(panel, split)
    artifacts.INPUTS.save(_document(panel, inputs))
    part = monitored_part(split)
    monitored = split.loc[split["part"] == part, "input_start"].to_numpy()
    found = prepare(panel, split, inputs, monitored=monitored, method=params.model.scaler)
    config = config_of(params, monitored=part)
    read = [artifacts.SERIES.path, artifacts.SPLIT.path]
    trained = train_model(params, found, config, stage="train", read=read)
    artifacts.MODEL.save(trained.model)
    artifacts.TRAINING.save(trained.curve)
    trained.checkpoint.remove()
    kept = kept_epoch(trained.curve)
    log.info("train: %s", epoch_sentence(kept=kept, of=len(trained.curve), best=config.keep_best))


def _document(panel: Panel, inputs: ModelInputs) -> dict[str, Any]:
    """Describe the inputs, and the series that newer ones have to be like."""
    return inputs_document(
        inputs,
        step=step_of(panel.longest_times()),
        time_of_day=time_of_day(panel.times),
        until=str(panel.last_time),
        id=panel.id,
    )


if __name__ == "__main__":
    run_stage(run)
