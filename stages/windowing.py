"""Windowing: list the windows that fit into the validated series.

A window is a row of positions, not a copy of the data. The table stays small enough to read,
and a leak between the parts of the split is a comparison of integers.
"""

import logging

from forecasting.windows import window_table
from stages import _artifacts as artifacts
from stages._params import Params
from stages._run import run_stage

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    series = artifacts.SERIES.load()
    windows = window_table(
        len(series),
        lookback=params.windowing.lookback,
        horizon=params.windowing.horizon,
        stride=params.windowing.stride,
    )
    artifacts.WINDOWS.save(windows)
    log.info("windowing: %d windows over %d rows", len(windows), len(series))


if __name__ == "__main__":
    run_stage(run)
