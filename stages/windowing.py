"""Windowing: list the windows that fit into the validated series.

A window is a row of positions, not a copy of the data. The table stays small enough to read,
and a leak between the parts of the split is a comparison of integers. A window that would predict a
missing value is not listed.
"""

import logging

import numpy as np

from forecasting.data.windows import observed_targets, window_table
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    values, _ = artifacts.SERIES.load_values()
    every = window_table(
        len(values),
        lookback=params.windowing.lookback,
        horizon=params.windowing.horizon,
        stride=params.windowing.stride,
    )
    windows = observed_targets(every, ~np.isnan(values).any(axis=1))
    artifacts.WINDOWS.save(windows)
    left_out = len(every) - len(windows)
    log.info(
        "windowing: %d windows over %d rows%s",
        len(windows),
        len(values),
        f", {left_out} left out that would predict a missing value" if left_out else "",
    )


if __name__ == "__main__":
    run_stage(run)
