"""What the forecasts of a backtest are worth: errors by fold, by step and over all, and how sure the skill is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.evaluation.metrics import against_best

DRAWS = 2000  # of the bootstrap
LEVEL = 95  # per cent, of its interval


@dataclass(frozen=True)
class SquaredErrors:
    """Squared errors of forecasts, standardised by the training rows of their own fold.

    Attributes:
        values: By forecaster, averaged over the targets, shape (windows, steps).
        folds: The fold of each window, shape (windows,).
        cutoffs: The last known date of each window, by its number, same shape.
    """

    values: Mapping[str, np.ndarray]
    folds: np.ndarray
    cutoffs: np.ndarray


def backtest_scores(errors: SquaredErrors, *, model: str, seed: int) -> dict[str, Any]:
    """Compare the model with the baselines of the same folds.

    Args:
        errors: Those of all forecasters.
        model: Which of them is the model; the others are its baselines.
        seed: Of the bootstrap.

    Returns:
        `overall`, and lists of `folds` and `steps`: mean squared errors by forecaster (`mse`), the
        `best_baseline` among just these and the `skill` against it; the `interval` of the skill over all,
        or None, its `block`, and the number of `origins`.
    """
    values = errors.values
    n_steps = values[model].shape[1]
    overall = _row(values, model)
    best, n_origins = overall["best_baseline"], len(np.unique(errors.cutoffs))
    block = block_length(n_origins, horizon=n_steps)
    interval = None
    if best is not None:
        sums = [_sums(values[name], errors.cutoffs) for name in (model, best)]
        interval = skill_interval(*sums, block=block, seed=seed)
    return {
        "overall": overall,
        "folds": [_row(_of(values, errors.folds == f), model) for f in np.unique(errors.folds)],
        "steps": [_row(_of(values, np.s_[:, n]), model) for n in range(n_steps)],
        "interval": interval,
        "block": block,
        "origins": n_origins,
    }


def _of(values: Mapping[str, np.ndarray], some: Any) -> dict[str, np.ndarray]:
    return {name: each[some] for name, each in values.items()}


def _row(values: Mapping[str, np.ndarray], model: str) -> dict[str, Any]:
    """Average the errors of each forecaster; what is not defined is None."""
    means = {name: float(each.mean()) for name, each in values.items()}
    best, skill = against_best(means, model=model)
    mse = {name: _defined(mean) for name, mean in means.items()}
    return {"mse": mse, "best_baseline": best, "skill": _defined(skill)}


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _sums(errors: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
    """Add up the errors of each cutoff, over series and steps, in the order of time."""
    _, places = np.unique(cutoffs, return_inverse=True)
    return np.bincount(places, weights=errors.sum(axis=1))


def block_length(n_origins: int, *, horizon: int) -> int:
    """Return how many origins in a row are drawn together, as the errors of neighbours resemble each other.

    The cube root of their number, rounded up (Hall, Horowitz & Jing 1995 give the rate), but no fewer
    than the steps of a forecast.
    """
    return max(horizon, math.ceil(round(n_origins ** (1 / 3), 9)))


def skill_interval(
    model: np.ndarray, baseline: np.ndarray, *, block: int, seed: int
) -> list[float] | None:
    """Bound the skill by a moving-block bootstrap (Künsch 1989) over the origins.

        skill = 1 - sum of the model's squared errors / sum of the baseline's

    Args:
        model: Its squared errors, added up for each origin, in the order of time, shape (origins,).
        baseline: Those of the baseline, same shape.
        block: How many origins in a row are drawn together.
        seed: Of the draws.

    Returns:
        The 2.5th and the 97.5th percentile; None where there are fewer than two blocks, or the baseline has no
        error.
    """
    n = len(model)
    if n < 2 * block or not baseline.any():
        return None
    starts = np.random.default_rng(seed).integers(0, n - block + 1, size=(DRAWS, -(-n // block)))
    drawn = (starts[..., None] + np.arange(block)).reshape(DRAWS, -1)[:, :n]
    sums = baseline[drawn].sum(axis=1)
    known = sums > 0
    skills = 1 - model[drawn].sum(axis=1)[known] / sums[known]
    outside = (100 - LEVEL) / 2
    return [float(end) for end in np.percentile(skills, [outside, 100 - outside])]
