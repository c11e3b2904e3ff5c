"""Forecasts from any window of series, as many steps as wanted: with what is known of the steps ahead."""

import keras
import numpy as np

from forecasting.data.ahead import extend, known_steps, times_ahead
from forecasting.data.encoding import encoded_rows, encoded_statics
from forecasting.data.filling import fill
from forecasting.data.panel import Panel
from forecasting.data.roles import WINDOW, ModelInputs, input_shapes
from forecasting.training.inference import Forecaster


def whole_horizons(n_steps: int, *, horizon: int) -> int:
    """Return how many steps are forecast to have so many: the model makes a horizon at a time."""
    return -(-n_steps // horizon) * horizon


class PanelForecaster:
    """A model, the series that it forecasts, and how far."""

    def __init__(
        self,
        model: keras.Model,
        panel: Panel,
        inputs: ModelInputs,
        *,
        n_steps: int,
        frequency: str,
    ) -> None:
        """Prepare what the model reads.

        Args:
            model: A forecaster in raw units.
            panel: The series, with their covariates.
            inputs: What the model reads.
            n_steps: How many steps to forecast.
            frequency: The parameter ingest.frequency, for the calendar of the steps ahead.
        """
        self._panel, self._n_steps = panel, n_steps
        self._lookback, self._horizon = input_shapes(model)[WINDOW][0], model.output_shape[1]
        self._moved = np.zeros(len(panel.names), dtype=np.int64)
        read = panel
        if panel.covariates.future or panel.covariates.calendar:
            n_ahead = whole_horizons(n_steps, horizon=self._horizon)
            times = times_ahead(panel, frequency=frequency, n_steps=n_ahead).times
            read, self._moved = extend(panel, times)
        rows, statics = encoded_rows(read, inputs), encoded_statics(read, inputs)
        self._forecaster = Forecaster(model, fill(rows, read.offsets), statics)

    def forecast(self, series: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Forecast the steps after windows.

        Args:
            series: The number of each window's series, shape (windows,).
            stops: The row after the last that each window reads, same shape.

        Returns:
            Shape (windows, steps, targets), float64; nan from the first step on for which a future
            covariate is not known.
        """
        starts = stops - self._lookback + self._moved[series]
        forecasts = self._forecaster.forecast(starts, n_steps=self._n_steps)
        if self._panel.covariates.future:
            known = self._known_steps(series, stops)
            forecasts[np.arange(self._n_steps) >= known[:, None]] = np.nan
        return forecasts

    def _known_steps(self, series: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Count the steps of the horizons of which everything is known, shape (windows,)."""
        n_rows, ends = len(self._panel.values), self._panel.offsets[1:]
        first = np.where(stops < ends[series], stops, n_rows)
        most = whole_horizons(self._n_steps, horizon=self._horizon)
        return known_steps(self._panel, first, most=most) // self._horizon * self._horizon
