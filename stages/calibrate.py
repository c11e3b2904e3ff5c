"""Calibrate: from the errors of forecasts, find how far to both sides the next ones may be wrong.

The windows of the part `calibration` give the offsets, and those of the test show how many values the
intervals hold. Without such a part the test windows give them, and nothing shows it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.filling import FilledSeries, fill
from forecasting.data.panel import Panel
from forecasting.data.split import CALIBRATION, TEST, Axis, axis_of
from forecasting.intervals.calibrate import (
    Calibrated,
    Outcomes,
    calibrate,
    calibrate_adaptively,
)
from forecasting.intervals.scales import window_scales
from forecasting.intervals.table import (
    coverage_sentence,
    empty_sentence,
    interval_table,
    sort_intervals,
)
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import VALUES, Predictions

log = logging.getLogger(__name__)
WINDOWS = 512  # whose scales are computed at once; bounds memory


@dataclass(frozen=True)
class Known:
    """What happened.

    Attributes:
        panel: The series, one column per target.
        filled: What windows read of them.
        axis: Where the rows stand in time.
        stops: The row after the last target of each series.
        test_from: The first row of each series that the test predicts, if the split is in time order.
        lookback: Rows that a window reads.
    """

    panel: Panel
    filled: FilledSeries
    axis: Axis
    stops: np.ndarray
    test_from: np.ndarray
    lookback: int


def run(params: Params) -> None:
    known, n_steps = _known(params), max(params.windowing.horizon, params.forecast.horizon)
    calibrating = CALIBRATION if artifacts.PREDICTIONS.count(CALIBRATION) else TEST
    tables = [
        _of_steps(params, known, calibrating, steps)
        for steps in _steps(known, calibrating, n_steps)
    ]
    table = sort_intervals(tables)
    artifacts.INTERVALS.save(table)
    on_test = calibrating == TEST
    for sentence in (coverage_sentence(table, on_test=on_test), empty_sentence(table)):
        if sentence is not None:
            log.info("calibrate: %s", sentence)


def _known(params: Params) -> Known:
    whole, split = artifacts.SERIES.load_panel(), artifacts.SPLIT.load()
    axis = axis_of(whole.times, whole.offsets, whole.stops)
    panel = whole.only_targets()
    test = split.loc[split["part"] == TEST, "target_start"].to_numpy()
    return Known(
        panel,
        fill(panel.values, panel.offsets),
        axis,
        whole.stops,
        axis.rows_before(int(axis.ranks[test].min())),
        params.windowing.lookback,
    )


def _steps(known: Known, part: str, n_steps: int) -> Iterator[slice]:
    """Cut the steps so that the errors of some steps of all windows fit into memory."""
    n_windows = max(artifacts.PREDICTIONS.count(each) for each in (part, TEST))
    at_once = max(1, VALUES // max(1, n_windows * len(known.panel.columns)))
    for first in range(0, n_steps, at_once):
        yield slice(first, min(n_steps, first + at_once))


def _of_steps(params: Params, known: Known, part: str, steps: slice) -> pd.DataFrame:
    """Calibrate some of the steps."""
    calibration = _outcomes(known, part, steps)
    tried = _outcomes(known, TEST, steps)
    if part == TEST:
        tried = tried.take(np.arange(0))
    return interval_table(
        _calibrated(params, known, calibration, tried, first_step=steps.start + 1),
        levels=params.intervals.levels,
        targets=known.panel.columns,
        first_step=steps.start + 1,
        scaled=known.panel.id is not None,
    )


def _calibrated(
    params: Params, known: Known, calibration: Outcomes, tried: Outcomes, *, first_step: int
) -> Calibrated:
    levels, least = params.intervals.levels, params.model.targets_min
    if not (params.intervals.adaptive and levels):
        return calibrate(calibration, tried, levels=levels, least=least)
    return calibrate_adaptively(
        calibration,
        tried,
        levels=levels,
        least=least,
        gamma=params.intervals.gamma,
        first_step=first_step,
        now=int(known.axis.ranks[known.stops - 1].max()),
    )


def _outcomes(known: Known, part: str, steps: slice) -> Outcomes:
    """Read some steps of the forecasts of a part, and look up what happened."""
    blocks = [
        _outcomes_of(known, block, steps)
        for block in artifacts.PREDICTIONS.blocks(part, n_targets=len(known.panel.columns))
    ]
    scaled = known.panel.id is not None
    return Outcomes(
        np.concatenate([block.made_at for block in blocks]),
        np.concatenate([block.forecasts for block in blocks]),
        np.concatenate([block.actual for block in blocks]),
        np.concatenate([block.scales for block in blocks]) if scaled else None,
    )


def _outcomes_of(known: Known, block: Predictions, steps: slice) -> Outcomes:
    values, stops = known.panel.values, known.stops
    if block.part == CALIBRATION:  # steps that reach into the test do not calibrate
        stops = known.test_from
    rows = block.origins[:, None] + 1 + np.arange(steps.start, steps.stop)
    past = rows < stops[block.series][:, None]
    actual = np.where(past[..., None], values[np.where(past, rows, 0)], np.nan)
    scales = _scales(known, block.origins + 1) if known.panel.id is not None else None
    return Outcomes(known.axis.ranks[block.origins], block.forecasts[:, steps], actual, scales)


def _scales(known: Known, stops: np.ndarray) -> np.ndarray:
    """Average how far each target moves in what windows read, shape (windows, targets)."""
    reads = np.arange(-known.lookback, 0)
    blocks = [stops[first : first + WINDOWS] for first in range(0, len(stops), WINDOWS)]
    return np.concatenate(
        [window_scales(known.filled.read(each[:, None] + reads, each[:, None])) for each in blocks]
    )


if __name__ == "__main__":
    run_stage(run)
