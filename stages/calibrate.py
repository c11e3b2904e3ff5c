"""Calibrate: from the errors of forecasts, find how far to both sides the next ones may be wrong.

The windows of the part `calibration` give the offsets, and those of the test show how many values the
intervals hold. Without such a part the test windows give them, and nothing shows it. Test windows that were
not forecast (`evaluate.test: false`) do neither.
"""

import logging
from functools import partial

from forecasting.data.split import TEST
from forecasting.intervals.table import coverage_sentence, empty_sentence
from foundation.params import Params
from stages.outcomes import calibrating_part, intervals_from, known_of
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    panel, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    part, read = (
        calibrating_part(),
        partial(artifacts.PREDICTIONS.blocks, n_targets=len(panel.targets)),
    )
    tested = split.loc[split["part"] == TEST, "target_start"].to_numpy()
    table = intervals_from(
        params,
        known_of(panel, tested=tested, lookback=params.windowing.lookback),
        partial(read, part),
        partial(read, TEST) if part != TEST else tuple,
        n_windows=max(artifacts.PREDICTIONS.count(each) for each in (part, TEST)),
        n_steps=max(params.windowing.horizon, params.forecast.horizon),
    )
    artifacts.INTERVALS.save(table)
    for sentence in (coverage_sentence(table, on_test=part == TEST), empty_sentence(table)):
        if sentence is not None:
            log.info("calibrate: %s", sentence)


if __name__ == "__main__":
    run_stage(run)
