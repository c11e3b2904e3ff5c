"""Evaluate: score the trained model and its baselines on the same windows, and say what it is worth."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.filling import earliest_rows, fill
from forecasting.data.scaling import Scaling, check_scaling, fit_scaling
from forecasting.data.seasons import Season, choose_season
from forecasting.data.split import (
    SCORED,
    TEST,
    check_chronological,
    gap_rows,
    keeps_best,
    monitored_part,
    training_rows,
)
from forecasting.data.windows import gather_targets, window_table
from forecasting.evaluation.leakage import leaked_share
from forecasting.evaluation.metrics import MODEL, score_board
from forecasting.models.baselines import baseline_forecasts
from forecasting.models.raw_units import load_model, scaling_of
from forecasting.reporting.html import leak_sentence, render_report, verdict
from forecasting.reporting.plots import forecast_plot, loss_plot
from forecasting.reporting.remarks import epoch_sentence, gaps_sentence
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.inference import forecast
from forecasting.training.learning_curve import kept_epoch
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)
REPORTED = ("evaluate", "ingest", "seed", "split", "train", "windowing")  # sections in the report
SEASONS_SHOWN, ROWS_OF_A_DAY = 7, 24  # in the plot of forecasts


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    series, split = artifacts.SERIES.load(), artifacts.SPLIT.load()
    history = artifacts.TRAINING.load()
    values, targets = series.to_numpy(), list(series.columns)
    model = load_model(artifacts.MODEL.path)
    standard = _checked_scaling(params, scaling_of(model), values, split, targets)
    test = split[split["part"] == TEST].sort_values("input_start")
    known = int(test["target_start"].min())
    season = choose_season(params.evaluate.season, series.index, known=known)
    filled, starts = fill(values), test["input_start"].to_numpy()
    actual = gather_targets(values, test)  # (windows, horizon, targets)
    forecasts = {MODEL: forecast(model, series=filled, starts=starts)} | baseline_forecasts(
        filled, split, test, scaling=standard, season=season.rows
    )
    scores = score_board(actual, forecasts, targets=targets, scaling=standard)
    scores |= _remarks(params, values, split, history, season)
    scores["verdict"] = verdict(scores)
    artifacts.SCORES.save(scores)
    artifacts.METRICS.save(_headline(scores))
    artifacts.PREDICTIONS.save(_predictions(series, test, actual, forecasts[MODEL]))
    _report(params, series, test, forecasts[MODEL], history, scores)
    log.info(
        "evaluate: %d test windows, skill %.3f over %s",
        len(test),
        scores["skill"]["overall"],
        scores["best_baseline"]["overall"],
    )


def _checked_scaling(
    params: Params,
    found: Scaling,
    values: np.ndarray,
    split: pd.DataFrame,
    targets: list[str],
) -> Scaling:
    """Assert that nothing leaked into the scaling found or the split; return the standard scaling."""
    seen = training_rows(split, n_rows=len(values))
    scaling = fit_scaling(values, seen, method=params.train.scaler, features=targets)
    check_scaling(found, scaling)
    if params.split.method == "chronological":
        check_chronological(split, gap=gap_rows(params.split.gap, split))
    return fit_scaling(values, seen, method="standard", features=targets)


def _remarks(
    params: Params,
    values: np.ndarray,
    split: pd.DataFrame,
    history: pd.DataFrame,
    season: Season,
) -> dict[str, Any]:
    """Describe what a reader must know of the scores: leak, gaps, kept epoch, season, windows."""
    missing = np.isnan(values)
    leak = leaked_share(split, earliest=earliest_rows(missing))
    every = window_table(len(values), **params.windowing.model_dump())
    gaps = {"filled_share": missing.mean(), "left_out": len(every) - len(split)}
    epoch = {"kept": kept_epoch(history), "of": len(history)}
    best = keeps_best(params.train.keep, monitored_part(split))
    counts = split["part"].value_counts(sort=False)
    return {
        "leak": {"share": leak, "sentence": leak_sentence(leak)},
        "gaps": gaps | {"sentence": gaps_sentence(**gaps)},
        "epoch": epoch | {"sentence": epoch_sentence(**epoch, best=best)},
        "season": {"rows": season.rows, "sentence": season.sentence},
        "windows": {part: int(counts[part]) for part in SCORED} | {"left_out": gaps["left_out"]},
    }


def _headline(scores: dict[str, Any]) -> dict[str, Any]:
    """Pick the dozen numbers that tell one run from another; errors are standardised."""
    errors = {name: each["standardised"]["overall"] for name, each in scores["scores"].items()}
    return {
        "best_baseline_mse": errors[scores["best_baseline"]["overall"]]["mse"],
        "epoch_kept": scores["epoch"]["kept"],
        "epochs": scores["epoch"]["of"],
        "filled_share": scores["gaps"]["filled_share"],
        "leaked_share": scores["leak"]["share"],
        "mae": errors[MODEL]["mae"],
        "mse": errors[MODEL]["mse"],
        "skill": scores["skill"]["overall"],
        "windows": scores["windows"],
    }


def _report(
    params: Params,
    series: pd.DataFrame,
    test: pd.DataFrame,
    forecasts: np.ndarray,
    history: pd.DataFrame,
    scores: dict[str, Any],
) -> None:
    """Draw the plots, and the page that shows them with the scores."""
    rows = SEASONS_SHOWN * (scores["season"]["rows"] or ROWS_OF_A_DAY)
    starts = test["target_start"].to_numpy()
    plots = {
        "Forecasts": forecast_plot(series, forecasts, starts, rows=rows),
        "Training": loss_plot(history),
    }
    artifacts.FORECAST_PLOT.save(plots["Forecasts"])
    artifacts.LOSS_PLOT.save(plots["Training"])
    shown = params.model_dump(include=set(REPORTED))
    artifacts.REPORT.save(render_report(scores=scores, params=shown, plots=plots))


def _predictions(
    series: pd.DataFrame, windows: pd.DataFrame, actual: np.ndarray, forecasts: np.ndarray
) -> pd.DataFrame:
    """List every prediction: origin (last known time), step, time, feature, actual, forecast."""
    n_windows, horizon, n_features = actual.shape
    rows = np.repeat(windows["target_start"].to_numpy(), horizon * n_features)
    steps = np.tile(np.repeat(np.arange(horizon), n_features), n_windows)
    features = pd.Categorical.from_codes(
        np.tile(np.arange(n_features), n_windows * horizon), categories=list(series.columns)
    )
    return pd.DataFrame(
        {
            "origin": series.index[rows - 1],
            "step": steps + 1,
            "time": series.index[rows + steps],
            "feature": features,
            "actual": actual.ravel(),
            "forecast": forecasts.ravel(),
        }
    )


if __name__ == "__main__":
    run_stage(run)
