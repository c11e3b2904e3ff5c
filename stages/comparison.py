"""The baselines, fitted as `evaluate` and a backtest compare the model with them."""

import numpy as np
import pandas as pd

from forecasting.data.filling import fill
from forecasting.data.panel import Panel
from forecasting.data.scaling import Scaling
from forecasting.data.seasons import Season
from forecasting.evaluation.by_series import training_means
from forecasting.models.baselines import Baselines, fit_baselines


def baselines_of(
    panel: Panel, split: pd.DataFrame, seen: np.ndarray, scaling: Scaling, season: Season
) -> Baselines:
    """Fit the baselines on the training windows.

    Args:
        panel: The series, one column per target.
        split: The windows, each with its part.
        seen: Marks the rows that training windows read or predict, shape (rows,).
        scaling: The standard scaling of the training rows.
        season: What is known of seasons.
    """
    means = None
    if panel.id is not None:
        means = training_means(panel.values, seen, panel.offsets)
    return fit_baselines(
        fill(panel.values, panel.offsets),
        split,
        scaling=scaling,
        seasons=season.lengths,
        means=means,
    )
