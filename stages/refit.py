"""Refit: the model that forecasts, and its forecasts of the newest rows: those of the evaluated model."""

import logging

from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import NEWEST

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    n_targets = len(artifacts.SERIES.load_panel().targets)
    artifacts.FINAL_MODEL.copy(artifacts.MODEL.path)
    artifacts.NEWEST.save_predictions(artifacts.PREDICTIONS.blocks(NEWEST, n_targets=n_targets))
    log.info("refit: the evaluated model forecasts, as it is")


if __name__ == "__main__":
    run_stage(run)
