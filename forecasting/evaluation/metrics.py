"""Forecast errors: plain functions of arrays, each with its formula.

Every score counts all windows and all steps: sums over everything, divided by how many there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from forecasting.data.scaling import Scaling

ERROR_NAMES = ("mse", "rmse", "mae", "r2")
MODEL = "model"


def scores(actual: np.ndarray, forecast: np.ndarray) -> dict[str, np.ndarray]:
    """Score a forecast per target, over all windows and steps.

        mse  = mean (actual - forecast)^2
        rmse = sqrt(mse)
        mae  = mean |actual - forecast|
        r2   = 1 - mse / mean (actual - mean(actual))^2      (nan where the actual values are constant)

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecast: Predicted values, same shape and units.

    Returns:
        For each name of ERROR_NAMES an array of shape (targets,).
    """
    error = actual - forecast
    axes = (0, 1)
    mse = np.square(error).mean(axis=axes)
    spread = np.square(actual - actual.mean(axis=axes)).mean(axis=axes)
    constant = actual.min(axis=axes) == actual.max(axis=axes)
    return {
        "mse": mse,
        "rmse": np.sqrt(mse),
        "mae": np.abs(error).mean(axis=axes),
        "r2": np.where(constant, np.nan, 1.0 - mse / np.where(constant, 1.0, spread)),
    }


def overall(by_target: dict[str, np.ndarray]) -> dict[str, float]:
    """Average over the targets; RMSE is the root of the averaged MSE.

    R2 is the uniform average, as in scikit-learn's `r2_score`.
    """
    return {
        name: float(np.sqrt(by_target["mse"].mean()) if name == "rmse" else values.mean())
        for name, values in by_target.items()
    }


def skill(model_mse: float, baseline_mse: float) -> float:
    """Tell which share of the baseline's squared error the model removes.

        skill = 1 - mse(model) / mse(baseline)

    1 is perfect, 0 is as good as the baseline, below 0 is worse. Source: Murphy (1988), Monthly
    Weather Review 116, 2417-2424. Against a baseline without error it is undefined: nan.
    """
    return 1.0 - model_mse / baseline_mse if baseline_mse > 0 else float("nan")


def score_board(
    actual: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
    *,
    targets: Sequence[str],
    scaling: Scaling,
) -> dict[str, Any]:
    """Score a model and its baselines, in raw and in standardised units.

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecasts: Predicted values of the same shape by name of the forecaster; the one named
            `model` is compared with the best of the others.
        targets: Names of the targets.
        scaling: The standard scaling of the training rows, which makes targets comparable.

    Returns:
        `targets`: their order; `scores`: by forecaster, by unit (`raw`, `standardised`): `overall` and `by_target`;
        `best_baseline` and `skill` (both by standardised MSE): `overall` and `by_target`.
    """
    scaled_actual = scaling.apply(actual)
    raw = {name: scores(actual, values) for name, values in forecasts.items()}
    scaled = {name: scores(scaled_actual, scaling.apply(v)) for name, v in forecasts.items()}
    overall_mse = {name: float(values["mse"].mean()) for name, values in scaled.items()}
    target_mse = [
        {name: float(values["mse"][column]) for name, values in scaled.items()}
        for column in range(len(targets))
    ]
    by_target = list(map(_against_best, target_mse))
    best, gained = _against_best(overall_mse)
    return {
        "targets": list(targets),
        "scores": {
            name: {
                "raw": _board(raw[name], targets),
                "standardised": _board(scaled[name], targets),
            }
            for name in forecasts
        },
        "best_baseline": {
            "overall": best,
            "by_target": {t: best for t, (best, _) in zip(targets, by_target, strict=True)},
        },
        "skill": {
            "overall": gained,
            "by_target": {t: gained for t, (_, gained) in zip(targets, by_target, strict=True)},
        },
    }


def _against_best(mse: dict[str, float]) -> tuple[str, float]:
    """Name the best baseline, and the model's skill against it."""
    best = min((name for name in mse if name != MODEL), key=lambda name: mse[name])
    return best, skill(mse[MODEL], mse[best])


def _board(by_target: dict[str, np.ndarray], targets: Sequence[str]) -> dict[str, Any]:
    return {
        "overall": overall(by_target),
        "by_target": {
            target: {name: float(values[column]) for name, values in by_target.items()}
            for column, target in enumerate(targets)
        },
    }
