"""Evaluate: score the trained model beside its baselines, on the same windows, and say what it is worth."""

import logging

import numpy as np
import pandas as pd

from forecasting.baselines import baseline_forecasts
from forecasting.determinism import seal_tensorflow
from forecasting.metrics import MODEL, score_board
from forecasting.network import load_model, scaling_of
from forecasting.partition import (
    TEST,
    check_chronological,
    gap_rows,
    leaked_share,
    training_rows,
)
from forecasting.plots import forecast_plot, loss_plot
from forecasting.report import leak_sentence, render_report, verdict
from forecasting.scaling import check_scaling, fit_scaling
from forecasting.training import forecast
from forecasting.windows import gather_targets
from stages import _artifacts as artifacts
from stages._params import Params
from stages._run import run_stage

log = logging.getLogger(__name__)
REPORTED = ("evaluate", "ingest", "seed", "split", "train", "windowing")  # sections in the report


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    series, split = artifacts.SERIES.load(), artifacts.SPLIT.load()
    values, features = series.to_numpy(), list(series.columns)
    model = load_model(artifacts.MODEL.path)
    seen = training_rows(split, n_rows=len(values))
    check_scaling(
        scaling_of(model),
        fit_scaling(values, seen, method=params.train.scaler, features=features),
    )
    if params.split.method == "chronological":
        check_chronological(split, gap=gap_rows(params.split.gap, split))
    standard = fit_scaling(values, seen, method="standard", features=features)
    test = split[split["part"] == TEST].sort_values("input_start")
    actual = gather_targets(values, test)  # (windows, horizon, features)
    forecasts = {
        MODEL: forecast(model, series=values, starts=test["input_start"].to_numpy())
    } | baseline_forecasts(values, split, test, scaling=standard, season=params.evaluate.season)
    metrics = score_board(actual, forecasts, features=features, scaling=standard)
    leak = leaked_share(split, n_rows=len(values))
    metrics |= {
        "leak": {"share": leak, "sentence": leak_sentence(leak)},
        "verdict": verdict(metrics),
        "windows": {
            part: int(n) for part, n in split["part"].value_counts(sort=False).items() if n
        },
    }
    plots = {
        "Forecasts": forecast_plot(
            series,
            forecasts[MODEL],
            test["target_start"].to_numpy(),
            rows=7 * params.evaluate.season,
        ),
        "Training": loss_plot(artifacts.TRAINING.load()),
    }
    artifacts.METRICS.save(metrics)
    artifacts.PREDICTIONS.save(_predictions(series, test, actual, forecasts[MODEL]))
    artifacts.FORECAST_PLOT.save(plots["Forecasts"])
    artifacts.LOSS_PLOT.save(plots["Training"])
    artifacts.REPORT.save(
        render_report(metrics=metrics, params=params.model_dump(include=set(REPORTED)), plots=plots)
    )
    log.info(
        "evaluate: %d test windows, skill %.3f over %s",
        len(test),
        metrics["skill"]["overall"],
        metrics["best_baseline"]["overall"],
    )


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
