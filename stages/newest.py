"""What `predict` and `refit` have in common: forecasts of windows by a model, the newest among them."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from forecasting.data.encoding import check_categories
from forecasting.data.newest import newest_windows
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs
from forecasting.data.windows import series_numbers
from forecasting.training.panel_forecaster import PanelForecaster, whole_horizons
from foundation.errors import DataError
from foundation.params import Params
from stages.storage.predictions import Predictions, windows_of_block

log = logging.getLogger(__name__)


class Predictor:
    """A model that forecasts as many steps as are scored, and as are wanted after the newest rows."""

    def __init__(
        self,
        params: Params,
        model: Any,
        panel: Panel,
        inputs: ModelInputs,
        *,
        n_steps: int | None = None,
    ) -> None:
        """Prepare what the model reads.

        Args:
            params: All parameters.
            model: A forecaster in raw units.
            panel: The series.
            inputs: What the model reads.
            n_steps: How many steps; None for those that are scored or wanted.
        """
        self._params, self._panel, self._inputs = params, panel, inputs
        self.n_steps = n_steps or max(params.windowing.horizon, params.forecast.horizon)
        self._n_ahead = whole_horizons(self.n_steps, horizon=params.windowing.horizon)
        self._forecaster = PanelForecaster(
            model, panel, inputs, n_steps=self.n_steps, frequency=params.ingest.frequency
        )

    def newest(self, *, stage: str, needed: bool = False) -> pd.DataFrame:
        """List the newest window of each series; what has none is logged.

        Args:
            stage: Which stage forecasts.
            needed: Whether there is nothing to do without a window.

        Raises:
            DataError: No series has a window, and one is needed.
        """
        params = self._params
        windows, sentences = newest_windows(
            self._panel,
            lookback=params.windowing.lookback,
            n_ahead=self._n_ahead,
            skip_gaps=params.ingest.gaps == "skip",
        )
        if needed and not len(windows):
            raise DataError(
                f"Nothing can be forecast: {' '.join(sentences)}",
                "Give what is missing, or ask for fewer steps.",
            )
        for sentence in sentences:
            log.warning("%s: %s", stage, sentence)
        return windows

    def blocks(self, part: str, windows: pd.DataFrame) -> Iterator[Predictions]:
        """Forecast the windows of a part, block by block.

        Raises:
            DataError: One reads a category that the model does not know.
        """
        check_categories(self._panel, self._inputs, windows, n_ahead=self._n_ahead)
        size = windows_of_block(self.n_steps * len(self._panel.targets))
        for first in range(0, len(windows), size):
            block = windows.iloc[first : first + size]
            series, stops = series_numbers(block), block["input_stop"].to_numpy()
            forecasts = self._forecaster.forecast(series, stops)
            yield Predictions(part, series, stops - 1, forecasts)
