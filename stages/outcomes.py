"""What `calibrate` and `forecast` have in common: intervals from what became of forecasts."""

from collections.abc import Callable, Iterable, Iterator
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
from forecasting.intervals.scales import scales_before
from forecasting.intervals.table import interval_table, sort_intervals
from foundation.params import Params
from stages.storage import artifacts
from stages.storage.predictions import VALUES, Predictions

Blocks = Callable[[], Iterable[Predictions]]  # reads forecasts, as often as it is called


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


def known_of(panel: Panel, *, tested: np.ndarray, lookback: int) -> Known:
    """Prepare to look up what happened.

    Args:
        panel: The series.
        tested: First row that each window of the test predicts, shape (windows,).
        lookback: Rows that a window reads.
    """
    axis = axis_of(panel.times, panel.offsets, panel.stops)
    targets = panel.only_targets()
    return Known(
        targets,
        fill(targets.values, targets.offsets),
        axis,
        panel.stops,
        axis.rows_before(int(axis.ranks[tested].min())),
        lookback,
    )


def calibrating_part() -> str:
    """Return the part whose errors calibrate: one of its own, or the test if there is none."""
    return CALIBRATION if artifacts.PREDICTIONS.count(CALIBRATION) else TEST


def intervals_from(
    params: Params,
    known: Known,
    calibration: Blocks,
    tried: Blocks,
    *,
    n_windows: int,
    n_steps: int,
) -> pd.DataFrame:
    """Calibrate the intervals of each step, and try them.

    Args:
        params: All parameters.
        known: What happened.
        calibration: The forecasts whose errors give the offsets.
        tried: Others, to measure the coverage on.
        n_windows: Of the larger of both.
        n_steps: How many.

    Returns:
        The table of `interval_table`, by target, step and level.
    """
    tables = []
    for steps in _steps(n_windows * len(known.panel.columns), n_steps):
        outcomes = [_outcomes(known, read(), steps) for read in (calibration, tried)]
        found = interval_table(
            _calibrated(params, known, *outcomes, first_step=steps.start + 1),
            levels=params.intervals.levels,
            targets=known.panel.columns,
            first_step=steps.start + 1,
            scaled=known.panel.id is not None,
        )
        tables.append(found)
    return sort_intervals(tables)


def _steps(values: int, n_steps: int) -> Iterator[slice]:
    """Cut the steps so that the errors of some steps of all windows fit into memory."""
    at_once = max(1, VALUES // max(1, values))
    for first in range(0, n_steps, at_once):
        yield slice(first, min(n_steps, first + at_once))


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


def _outcomes(known: Known, blocks: Iterable[Predictions], steps: slice) -> Outcomes:
    """Look up what became of some steps of forecasts."""
    n_targets = len(known.panel.columns)
    none = np.empty((0, steps.stop - steps.start, n_targets))
    nothing = Outcomes(np.empty(0, np.int64), none, none, np.empty((0, n_targets)))
    found = [nothing, *(_outcomes_of(known, block, steps) for block in blocks)]
    return Outcomes(
        np.concatenate([each.made_at for each in found]),
        np.concatenate([each.forecasts for each in found]),
        np.concatenate([each.actual for each in found]),
        np.concatenate([each.scales for each in found]) if known.panel.id is not None else None,
    )


def _outcomes_of(known: Known, block: Predictions, steps: slice) -> Outcomes:
    values, stops = known.panel.values, known.stops
    if block.part == CALIBRATION:  # steps that reach into the test do not calibrate
        stops = known.test_from
    rows = block.origins[:, None] + 1 + np.arange(steps.start, steps.stop)
    past = rows < stops[block.series][:, None]
    actual = np.where(past[..., None], values[np.where(past, rows, 0)], np.nan)
    scales = None
    if known.panel.id is not None:
        scales = scales_before(known.filled, block.origins + 1, lookback=known.lookback)
    return Outcomes(known.axis.ranks[block.origins], block.forecasts[:, steps], actual, scales)
