"""Windowing: list the windows that fit into the validated series.

A window is a row of positions, not a copy of the data. The table stays small enough to read,
and a leak between the parts of the split is a comparison of integers. A window that would predict a
missing value is not listed, nor one whose future covariates are not all known, and with `ingest.gaps:
skip` none that would read a missing value. A window lies inside one series.
"""

import logging

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel, listed
from forecasting.data.windows import (
    known_ahead,
    observed_inputs,
    observed_targets,
    panel_windows,
    window_table,
    without_windows,
)
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    panel = artifacts.SERIES.load_panel()
    every = _every_window(panel, params.windowing.model_dump())
    missing = np.isnan(panel.values)
    windows = observed_targets(every, ~missing[:, : len(panel.targets)].any(axis=1))
    if n_future := len(panel.covariates.future):
        windows = known_ahead(windows, ~missing[:, -n_future:].any(axis=1))
    if params.ingest.gaps == "skip":
        windows = observed_inputs(windows, ~missing.any(axis=1))
    artifacts.WINDOWS.save(windows)
    if panel.id is not None:
        _name_series_without_windows(panel, windows)
    left_out = len(every) - len(windows)
    reads = "read or predict" if params.ingest.gaps == "skip" else "need" if n_future else "predict"
    log.info(
        "windowing: %d windows over %d rows%s",
        len(windows),
        len(missing),
        f", {left_out} left out that would {reads} a missing value" if left_out else "",
    )


def _every_window(panel: Panel, geometry: dict[str, int]) -> pd.DataFrame:
    if panel.id is None:
        return window_table(int(panel.stops[0]), **geometry)
    return panel_windows(panel.offsets, stops=panel.stops, **geometry)


def _name_series_without_windows(panel: Panel, windows: pd.DataFrame) -> None:
    numbers = without_windows(windows, n_series=len(panel.names))
    without = [panel.names[number] for number in numbers]
    if without:
        log.warning("windowing: %s left out: no window fits", listed(without))


if __name__ == "__main__":
    run_stage(run)
