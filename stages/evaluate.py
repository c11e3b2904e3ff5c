"""Evaluate: score the trained model and its baselines on the same windows, and say what it is worth."""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.filling import earliest_rows, fill
from forecasting.data.scaling import Scaling, check_scaling, fit_scaling
from forecasting.data.seasons import Season, choose_season
from forecasting.data.split import (
    SCORED,
    TEST,
    axis_of,
    check_chronological,
    gap_rows,
    keeps_best,
    monitored_part,
    training_rows,
)
from forecasting.data.windows import gather_targets, window_table
from forecasting.evaluation.leakage import leaked_share
from forecasting.evaluation.metrics import against_best, score_board
from forecasting.models.baselines import baseline_forecasts
from forecasting.models.raw_units import load_model, scaling_of
from forecasting.reporting.html import render_report
from forecasting.reporting.plots import forecast_plot, loss_plot
from forecasting.reporting.remarks import epoch_sentence, gaps_sentence
from forecasting.reporting.verdict import leak_sentence, verdict
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.inference import forecast
from forecasting.training.learning_curve import kept_epoch
from foundation.metrics_schema import MODEL, Scores, headline
from foundation.number_format import format_number
from foundation.params import Params
from foundation.score_table import Group, ScoreTable, row_name, score_table
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)
REPORTED = ("evaluate", "ingest", "model", "seed", "split", "train", "windowing")  # in the report
TABLES = {  # in the report: heading, unit and error
    "Root mean squared error, in units of the series": ("raw", "rmse"),
    "Mean squared error, standardised": ("standardised", "mse"),
    "Mean absolute error, standardised": ("standardised", "mae"),
}
SEASONS_SHOWN, ROWS_OF_A_DAY = 7, 24  # in the plot of forecasts


@dataclass(frozen=True)
class Inputs:
    """What the stages before have made.

    Attributes:
        series: One column per target.
        split: The windows, each with its part.
        history: What training noted of its epochs.
    """

    series: pd.DataFrame
    split: pd.DataFrame
    history: pd.DataFrame

    @cached_property
    def values(self) -> np.ndarray:
        """The series as numbers, shape (rows, targets)."""
        return self.series.to_numpy()

    @cached_property
    def targets(self) -> list[str]:
        """The names of the columns."""
        return list(self.series.columns)

    @cached_property
    def test(self) -> pd.DataFrame:
        """The windows to score, in the order of time."""
        return self.split[self.split["part"] == TEST].sort_values("input_start")


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    found = Inputs(artifacts.SERIES.load(), artifacts.SPLIT.load(), artifacts.TRAINING.load())
    known = int(found.test["target_start"].min())
    season = choose_season(params.evaluate.season, found.series.index, known=known)
    model = load_model(artifacts.MODEL.path)
    standard = _checked_scaling(params, scaling_of(model), found)
    forecasts = _forecasts(model, found, standard, season)
    actual = gather_targets(found.values, found.test)  # (windows, horizon, targets)
    board = score_board(
        actual, forecasts, model=MODEL, targets=found.targets, scaling=standard
    ) | _remarks(params, found, season)
    scores = Scores.model_validate(board | {"verdict": verdict(board)})
    artifacts.SCORES.save(scores.to_json())
    artifacts.METRICS.save(headline(scores).to_json())
    artifacts.PREDICTIONS.save(_predictions(found.series, found.test, actual, forecasts[MODEL]))
    plots = _plots(found, forecasts[MODEL], season)
    artifacts.REPORT.save(_report(params, scores, plots))
    log.info(
        "evaluate: %d test windows, skill %s over %s",
        len(found.test),
        format_number(scores.skill.overall),
        board["best_baseline"]["overall"],
    )


def _checked_scaling(params: Params, stored: Scaling, found: Inputs) -> Scaling:
    """Assert that nothing leaked into the stored scaling or the split; return the standard scaling."""
    seen = training_rows(found.split, n_rows=len(found.values))
    scaling = fit_scaling(found.values, seen, method=params.model.scaler, features=found.targets)
    check_scaling(stored, scaling)
    if params.split.method == "chronological":
        panel = artifacts.SERIES.load_panel()
        axis = axis_of(panel.times, panel.offsets)
        check_chronological(found.split, gap=gap_rows(params.split.gap, found.split), axis=axis)
    return fit_scaling(found.values, seen, method="standard", features=found.targets)


def _forecasts(
    model: Any, found: Inputs, scaling: Scaling, season: Season
) -> dict[str, np.ndarray]:
    """Forecast the test windows with the model and every baseline, each (windows, horizon, targets)."""
    filled, starts = fill(found.values), found.test["input_start"].to_numpy()
    baselines = baseline_forecasts(
        filled, found.split, found.test, scaling=scaling, season=season.rows
    )
    return {MODEL: forecast(model, series=filled, starts=starts)} | baselines


def _remarks(params: Params, found: Inputs, season: Season) -> dict[str, Any]:
    """Describe what a reader must know of the scores: leak, gaps, kept epoch, season, windows."""
    missing, split, history = np.isnan(found.values), found.split, found.history
    leak = leaked_share(split, earliest=earliest_rows(missing))
    every = window_table(len(missing), **params.windowing.model_dump())
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


def _plots(found: Inputs, forecasts: np.ndarray, season: Season) -> dict[str, bytes]:
    """Draw and save the plots; return them by their captions."""
    rows = SEASONS_SHOWN * (season.rows or ROWS_OF_A_DAY)
    starts = found.test["target_start"].to_numpy()
    plots = {
        "Forecasts": forecast_plot(found.series, forecasts, starts, rows=rows),
        "Training": loss_plot(found.history),
    }
    artifacts.FORECAST_PLOT.save(plots["Forecasts"])
    artifacts.LOSS_PLOT.save(plots["Training"])
    return plots


def _report(params: Params, scores: Scores, plots: dict[str, bytes]) -> bytes:
    """Render the page that shows the plots beside the scores."""
    remarks = (scores.gaps, scores.season)
    return render_report(
        verdict=scores.verdict,
        leak=scores.leak.sentence,
        leaked=scores.leak.share > 0,
        notes=[each.sentence for each in remarks if each and each.sentence],
        windows=scores.windows,
        epoch=(scores.epoch and scores.epoch.sentence) or "",
        tables={heading: _table(scores, *which) for heading, which in TABLES.items()},
        params=params.model_dump(include=set(REPORTED)),
        plots=plots,
    )


def _table(scores: Scores, unit: str, error: str) -> ScoreTable:
    """Lay out one error of every forecaster, and the model's skill in this very error."""
    groups = []
    for target in [*scores.targets, None]:
        errors = scores.errors(unit, error, target)
        _, skill = against_best(errors, model=MODEL)
        groups.append(Group(row_name(target), errors, skill))
    return score_table(groups, error=error, skill=error)


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
