"""Forecast errors: plain functions of arrays, each with its formula.

Every score counts all windows and all steps: sums over everything, divided by how many there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from forecasting.data.scaling import Scaling

ERROR_NAMES = ("mse", "rmse", "mae", "r2")


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


def against_best(errors: Mapping[str, float | None], *, model: str) -> tuple[str | None, float]:
    """Name the baseline with the smallest error, and compute the model's skill against it.

    Args:
        errors: One error of each forecaster, of which less is better. One that is None or nan is
            undefined, and best of none.
        model: Which of them is the model; the others are its baselines.

    Returns:
        The name, None if no baseline has an error; the skill, nan where it is undefined.
    """
    known = {name: e for name, e in errors.items() if e is not None and not np.isnan(e)}
    best = min(
        (name for name in known if name != model), key=lambda name: known[name], default=None
    )
    if best is None or model not in known:
        return best, float("nan")
    return best, skill(known[model], known[best])


def score_board(
    actual: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
    *,
    model: str,
    targets: Sequence[str],
    scaling: Scaling,
) -> dict[str, Any]:
    """Score a model and its baselines, in raw and in standardised units.

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecasts: Predicted values of the same shape by name of the forecaster.
        model: Which of them is the model; it is compared with the best of the others.
        targets: Names of the targets.
        scaling: The standard scaling of the training rows, which makes targets comparable.

    Returns:
        `targets`: their order; `scores`: by forecaster, by unit (`raw`, `standardised`): `overall` and `by_target`;
        `best_baseline` and `skill` (both by standardised MSE): `overall` and `by_target`.
    """
    scaled_actual = scaling.apply(actual)
    boards = {
        name: {
            "raw": _board(scores(actual, values), targets),
            "standardised": _board(scores(scaled_actual, scaling.apply(values)), targets),
        }
        for name, values in forecasts.items()
    }
    standardised = {name: units["standardised"] for name, units in boards.items()}
    return {"targets": list(targets), "scores": boards} | _comparison(standardised, model, targets)


def _comparison(
    boards: Mapping[str, Mapping[str, Any]], model: str, targets: Sequence[str]
) -> dict[str, Any]:
    """Compare the model with the best baseline by MSE, over all targets and for each."""
    best, gained = against_best({n: b["overall"]["mse"] for n, b in boards.items()}, model=model)
    by_target = {
        target: against_best(
            {n: b["by_target"][target]["mse"] for n, b in boards.items()}, model=model
        )
        for target in targets
    }
    return {
        "best_baseline": {
            "overall": best,
            "by_target": {target: name for target, (name, _) in by_target.items()},
        },
        "skill": {
            "overall": gained,
            "by_target": {target: share for target, (_, share) in by_target.items()},
        },
    }


def _board(by_target: dict[str, np.ndarray], targets: Sequence[str]) -> dict[str, Any]:
    return {
        "overall": overall(by_target),
        "by_target": {
            target: {name: float(values[column]) for name, values in by_target.items()}
            for column, target in enumerate(targets)
        },
    }
