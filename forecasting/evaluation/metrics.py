"""Forecast errors: plain functions of arrays, each with its formula.

Every score counts all windows and all steps: sums over everything, divided by how many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.data.scaling import Scaling

ERROR_NAMES = ("mse", "rmse", "mae", "r2")


@dataclass(frozen=True)
class ErrorSums:
    """What the errors of a forecaster add up to, per target: all that its scores need.

    Sums over blocks of windows add up to those over all windows, so that these need not be held
    together.

    Attributes:
        count: Forecast values of a target.
        squared: Sum of (actual - forecast)^2, shape (targets,).
        absolute: Sum of |actual - forecast|, same shape.
        mean: Mean of the actual values.
        spread: Sum of (actual - mean)^2.
        low: The least actual value.
        high: The greatest.
    """

    count: int
    squared: np.ndarray
    absolute: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __add__(self, other: "ErrorSums") -> "ErrorSums":
        """Add the sums of other windows; the spread as in Chan, Golub & LeVeque (1983)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        between = np.square(apart) * (self.count * other.count / count)
        return ErrorSums(
            count=count,
            squared=self.squared + other.squared,
            absolute=self.absolute + other.absolute,
            mean=self.mean + apart * (other.count / count),
            spread=self.spread + other.spread + between,
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
        )


SumsByUnit = Mapping[str, Mapping[str, ErrorSums]]


def error_sums(actual: np.ndarray, forecast: np.ndarray) -> ErrorSums:
    """Add up the errors of a forecast.

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecast: Predicted values, same shape and units.
    """
    error, axes = actual - forecast, (0, 1)
    mean = actual.mean(axis=axes)
    return ErrorSums(
        count=actual.shape[0] * actual.shape[1],
        squared=np.square(error).sum(axis=axes),
        absolute=np.abs(error).sum(axis=axes),
        mean=mean,
        spread=np.square(actual - mean).sum(axis=axes),
        low=actual.min(axis=axes),
        high=actual.max(axis=axes),
    )


def scores(sums: ErrorSums) -> dict[str, np.ndarray]:
    """Score a forecast per target, over all windows and steps.

        mse  = mean (actual - forecast)^2
        rmse = sqrt(mse)
        mae  = mean |actual - forecast|
        r2   = 1 - mse / mean (actual - mean(actual))^2      (nan where the actual values are constant)

    Returns:
        For each name of ERROR_NAMES an array of shape (targets,).
    """
    mse = sums.squared / sums.count
    spread = sums.spread / sums.count
    constant = sums.low == sums.high
    return {
        "mse": mse,
        "rmse": np.sqrt(mse),
        "mae": sums.absolute / sums.count,
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


def sums_by_unit(
    actual: np.ndarray, forecasts: Mapping[str, np.ndarray], *, scaling: Scaling
) -> SumsByUnit:
    """Add up the errors of every forecaster, in raw and in standardised units.

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecasts: Predicted values of the same shape by name of the forecaster.
        scaling: The standard scaling of the training rows, which makes targets comparable.

    Returns:
        By forecaster, by unit (`raw`, `standardised`).
    """
    scaled_actual = scaling.apply(actual)
    return {
        name: {
            "raw": error_sums(actual, values),
            "standardised": error_sums(scaled_actual, scaling.apply(values)),
        }
        for name, values in forecasts.items()
    }


def add_sums(first: SumsByUnit, second: SumsByUnit) -> SumsByUnit:
    """Add up the errors over two sets of windows, of the same forecasters."""
    return {
        name: {unit: sums + second[name][unit] for unit, sums in units.items()}
        for name, units in first.items()
    }


def score_board(sums: SumsByUnit, *, model: str, targets: Sequence[str]) -> dict[str, Any]:
    """Score a model and its baselines, in raw and in standardised units.

    Args:
        sums: The errors of every forecaster, by unit.
        model: Which of them is the model; it is compared with the best of the others.
        targets: Names of the targets.

    Returns:
        `targets`: their order; `scores`: by forecaster, by unit (`raw`, `standardised`): `overall` and `by_target`;
        `best_baseline` and `skill` (both by standardised MSE): `overall` and `by_target`.
    """
    boards = {
        name: {unit: _board(scores(each), targets) for unit, each in units.items()}
        for name, units in sums.items()
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
