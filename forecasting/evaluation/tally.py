"""Scoring block by block: forecasts of all windows are never held together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.scaling import Scaling
from forecasting.data.windows import gather_targets, series_numbers, window_lengths
from forecasting.evaluation.by_series import SeriesSums, series_sums
from forecasting.evaluation.metrics import SumsByUnit, add_sums, sums_by_unit

VALUES = 2**22  # forecast values of one forecaster in a block; bounds memory
BATCH = 256  # windows that are forecast at once: blocks are filled with whole batches

Forecast = Callable[[pd.DataFrame], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Block:
    """Some of the windows.

    Attributes:
        windows: Rows of the window table.
        actual: Observed values, shape (windows, horizon, targets).
        forecasts: Predicted values of the same shape, by forecaster.
    """

    windows: pd.DataFrame
    actual: np.ndarray
    forecasts: Mapping[str, np.ndarray]


def forecast_blocks(
    values: np.ndarray, windows: pd.DataFrame, forecast: Forecast, *, most: int = VALUES
) -> Iterator[Block]:
    """Forecast windows block by block.

    Args:
        values: The series, shape (rows, targets).
        windows: Rows of the window table.
        forecast: Forecasts windows, by forecaster.
        most: Values of one forecaster in a block, if these are more than a batch.
    """
    of_window = window_lengths(windows)[1] * values.shape[1]
    size = BATCH * max(1, most // (of_window * BATCH))
    for first in range(0, len(windows), size):
        here = windows.iloc[first : first + size]
        yield Block(here, gather_targets(values, here), forecast(here))


class Tally:
    """Adds up the errors of blocks, over all windows and for each series.

    Attributes:
        sums: By forecaster and unit.
        by_series: For each series, in units of the series.
    """

    sums: SumsByUnit
    by_series: SeriesSums

    def __init__(self, scaling: Scaling, *, n_series: int) -> None:
        """Take the standard scaling of the training rows, and how many series there are."""
        self._scaling = scaling
        self._n_series = n_series

    def adding(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Pass blocks on, each after its errors were added."""
        for number, block in enumerate(blocks):
            sums = sums_by_unit(block.actual, block.forecasts, scaling=self._scaling)
            by_series = series_sums(
                block.actual,
                block.forecasts,
                series=series_numbers(block.windows),
                n_series=self._n_series,
            )
            self.sums = add_sums(self.sums, sums) if number else sums
            self.by_series = self.by_series + by_series if number else by_series
            yield block
