"""Evaluate: score the trained model and its baselines on the same windows, and say what it is worth."""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.encoding import Statics, check_inputs, encoded_rows, encoded_statics
from forecasting.data.filling import earliest_rows, fill
from forecasting.data.input_scaling import fit_input_scaling
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs, inputs_from
from forecasting.data.scaling import Scaling, check_scaling, fit_scaling
from forecasting.data.seasons import Season, choose_season
from forecasting.data.split import (
    SCORED,
    TEST,
    TRAIN,
    axis_of,
    check_chronological,
    gap_rows,
    keeps_best,
    monitored_part,
    rows_known,
    series_without,
    training_rows,
)
from forecasting.data.windows import count_windows, series_numbers, without_windows
from forecasting.evaluation.by_series import (
    best_and_worst,
    count_won,
    mase_scales,
    scores_by_series,
    standardised_mse,
    training_means,
)
from forecasting.evaluation.leakage import leaked_share
from forecasting.evaluation.metrics import against_best, score_board
from forecasting.evaluation.tally import Block, Forecast, Tally, forecast_blocks
from forecasting.models.baselines import fit_baselines
from forecasting.models.raw_units import covariate_scaling_of, load_model, scaling_of
from forecasting.reporting.html import render_report
from forecasting.reporting.plots import forecast_plot, loss_plot
from forecasting.reporting.remarks import epoch_sentence, gaps_sentence, series_sentence
from forecasting.reporting.verdict import leak_sentence, verdict
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.inference import Forecaster
from forecasting.training.learning_curve import kept_epoch
from foundation.errors import quoted
from foundation.metrics_schema import MODEL, Scores, SeriesSummary, headline
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
BEST_AND_WORST = "Best and worst series: mean squared error, standardised"
SEASONS_SHOWN, ROWS_OF_A_DAY = 7, 24  # in the plot of forecasts


@dataclass(frozen=True)
class Inputs:
    """What the stages before have made.

    Attributes:
        whole: The series, with their covariates.
        split: The windows, each with its part.
        history: What training noted of its epochs.
        inputs: What the model reads.
    """

    whole: Panel
    split: pd.DataFrame
    history: pd.DataFrame
    inputs: ModelInputs

    @cached_property
    def panel(self) -> Panel:
        """The series, one column per target."""
        return self.whole.only_targets()

    @cached_property
    def rows(self) -> np.ndarray:
        """What the model reads row by row, shape (rows, columns)."""
        return encoded_rows(self.whole, self.inputs)

    @cached_property
    def statics(self) -> Statics | None:
        """What the model reads of each series; None if nothing."""
        return encoded_statics(self.whole, self.inputs)

    @cached_property
    def test(self) -> pd.DataFrame:
        """The windows to score, by series and time."""
        return self.split[self.split["part"] == TEST].sort_values("input_start")

    @cached_property
    def seen(self) -> np.ndarray:
        """Marks the rows that some training window reads or predicts, shape (rows,)."""
        return training_rows(self.split, n_rows=len(self.panel.values))

    @cached_property
    def drawn(self) -> int:
        """The number of the series in the plot: the first of those with the most test windows."""
        return int(np.bincount(series_numbers(self.test)).argmax())


def run(params: Params) -> None:
    seal_tensorflow(params.seed)
    found = Inputs(
        artifacts.SERIES.load_panel(),
        artifacts.SPLIT.load(),
        artifacts.TRAINING.load(),
        inputs_from(artifacts.INPUTS.load()),
    )
    panel = found.panel
    known = rows_known(found.test, panel.offsets)
    season = choose_season(params.evaluate.season, panel.longest_times(), known=known)
    model = load_model(artifacts.MODEL.path)
    standard = _checked_scaling(params, model, found)
    tally = Tally(standard, n_series=len(panel.names))
    drawn: list[np.ndarray] = []
    blocks = forecast_blocks(panel.values, found.test, _forecasters(model, found, standard, season))
    artifacts.PREDICTIONS.save_blocks(
        _predictions(panel, _noted(block, found.drawn, drawn)) for block in tally.adding(blocks)
    )
    artifacts.SCORES_BY_SERIES.save(_scores_by_series(found, tally, season))
    board = score_board(tally.sums, model=MODEL, targets=panel.columns)
    board |= _remarks(params, found, season)
    if panel.id is not None:
        board["series"] = _series_summary(found, standardised_mse(tally.by_series, standard))
    scores = Scores.model_validate(board | {"verdict": verdict(board)})
    artifacts.SCORES.save(scores.to_json())
    artifacts.METRICS.save(headline(scores).to_json())
    plots = _plots(found, np.concatenate(drawn), season)
    artifacts.REPORT.save(_report(params, scores, plots))
    log.info(
        "evaluate: %d test windows, skill %s over %s",
        len(found.test),
        format_number(scores.skill.overall),
        board["best_baseline"]["overall"],
    )


def _checked_scaling(params: Params, model: Any, found: Inputs) -> Scaling:
    """Assert that nothing leaked into the model's inputs or the split; return the standard scaling."""
    check_inputs(found.inputs, found.whole, found.split)
    scaling = fit_input_scaling(
        found.rows,
        found.statics,
        inputs=found.inputs,
        split=found.split,
        method=params.model.scaler,
    )
    check_scaling(scaling_of(model), scaling.window)
    for name, expected in scaling.covariates.items():
        check_scaling(covariate_scaling_of(model, name), expected.as_stored())
    if params.split.method == "chronological":
        whole = found.whole
        axis = axis_of(whole.times, whole.offsets, whole.stops)
        check_chronological(found.split, gap=gap_rows(params.split.gap, found.split), axis=axis)
    panel = found.panel
    return fit_scaling(panel.values, found.seen, method="standard", features=panel.columns)


def _forecasters(model: Any, found: Inputs, scaling: Scaling, season: Season) -> Forecast:
    """Prepare the model and every baseline, to forecast blocks of windows."""
    panel = found.panel
    filled = fill(found.rows, panel.offsets)
    means = None
    if panel.id is not None:
        means = training_means(panel.values, found.seen, panel.offsets)
    baselines = fit_baselines(
        filled.first(len(panel.columns)),
        found.split,
        scaling=scaling,
        seasons=season.lengths,
        means=means,
    )
    forecaster = Forecaster(model, filled, found.statics)

    def forecast(windows: pd.DataFrame) -> dict[str, np.ndarray]:
        starts = windows["input_start"].to_numpy()
        return {MODEL: forecaster.forecast(starts)} | baselines.forecast(windows)

    return forecast


def _noted(block: Block, series: int, forecasts: list[np.ndarray]) -> Block:
    """Note the model's forecasts of the series that is drawn; return the block."""
    forecasts.append(block.forecasts[MODEL][series_numbers(block.windows) == series])
    return block


def _scores_by_series(found: Inputs, tally: Tally, season: Season) -> pd.DataFrame:
    panel = found.panel
    scales = mase_scales(panel.values, found.seen, panel.offsets, season=season.rows or 1)
    return scores_by_series(
        tally.by_series, names=panel.names, targets=panel.columns, scales=scales
    )


def _series_summary(found: Inputs, errors: pd.DataFrame) -> dict[str, Any]:
    """Describe how the series differ: the best, the worst, those without training, without windows."""
    names = found.panel.names
    best, worst = (
        {names[number]: errors.loc[number].to_dict() for number in numbers}
        for numbers in best_and_worst(errors[MODEL])
    )
    untrained = [names[n] for n in series_without(found.split, TRAIN, n_series=len(names))]
    left_out = [names[n] for n in without_windows(found.split, n_series=len(names))]
    counts = {"of": len(names), "won": count_won(errors, model=MODEL)}
    sentence = series_sentence(
        errors[MODEL].to_numpy(),
        best=[*best],
        worst=[*worst],
        untrained=untrained,
        left_out=left_out,
        **counts,
    )
    return counts | {
        "scored": len(errors),
        "untrained": len(untrained),
        "left_out": len(left_out),
        "best": best,
        "worst": worst,
        "sentence": sentence,
    }


def _remarks(params: Params, found: Inputs, season: Season) -> dict[str, Any]:
    """Describe what a reader must know of the scores: leak, gaps, kept epoch, season, windows."""
    whole, split, history = found.whole, found.split, found.history
    leak = leaked_share(split, earliest=earliest_rows(np.isnan(whole.values)))
    every = count_windows(whole.stops - whole.offsets[:-1], **params.windowing.model_dump())
    missing = np.isnan(whole.values[~whole.ahead]).mean()
    gaps = {"filled_share": missing, "left_out": every - len(split)}
    skipped = params.ingest.gaps == "skip"
    epoch = {"kept": kept_epoch(history), "of": len(history)}
    best = keeps_best(params.train.keep, monitored_part(split))
    counts = split["part"].value_counts(sort=False)
    return {
        "leak": {"share": leak, "sentence": leak_sentence(leak)},
        "gaps": gaps | {"sentence": gaps_sentence(**gaps, skipped=skipped)},
        "epoch": epoch | {"sentence": epoch_sentence(**epoch, best=best)},
        "season": _described(season),
        "windows": {part: int(counts[part]) for part in SCORED} | {"left_out": gaps["left_out"]},
    }


def _described(season: Season) -> dict[str, Any]:
    others = {"others": list(season.others)} if season.others else {}
    return {"rows": season.rows, "sentence": season.sentence} | others


def _plots(found: Inputs, forecasts: np.ndarray, season: Season) -> dict[str, bytes]:
    """Draw and save the plots; return them by their captions."""
    rows = SEASONS_SHOWN * (season.rows or ROWS_OF_A_DAY)
    panel, drawn = found.panel, found.drawn
    windows = found.test[series_numbers(found.test) == drawn]
    starts = windows["target_start"].to_numpy() - panel.offsets[drawn]
    series = panel.series(drawn).iloc[: found.whole.stops[drawn] - panel.offsets[drawn]]
    name = "Forecasts" if panel.id is None else f"Forecasts of series {quoted(panel.names[drawn])}"
    plots = {
        name: forecast_plot(series, forecasts, starts, rows=rows),
        "Training": loss_plot(found.history),
    }
    artifacts.FORECAST_PLOT.save(plots[name])
    artifacts.LOSS_PLOT.save(plots["Training"])
    return plots


def _report(params: Params, scores: Scores, plots: dict[str, bytes]) -> bytes:
    """Render the page that shows the plots next to the scores."""
    remarks = (scores.gaps, scores.season, scores.series)
    tables = {heading: _table(scores, *which) for heading, which in TABLES.items()}
    if scores.series is not None:
        tables[BEST_AND_WORST] = _series_table(scores.series)
    return render_report(
        verdict=scores.verdict,
        leak=scores.leak.sentence,
        leaked=scores.leak.share > 0,
        notes=[each.sentence for each in remarks if each and each.sentence],
        windows=scores.windows,
        epoch=(scores.epoch and scores.epoch.sentence) or "",
        tables=tables,
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


def _series_table(series: SeriesSummary) -> ScoreTable:
    """Lay out the errors of the best and the worst series, from the least to the greatest."""
    groups = []
    for name, errors in [*series.best.items(), *reversed(series.worst.items())]:
        _, skill = against_best(errors, model=MODEL)
        groups.append(Group(name, errors, skill))
    return score_table(groups, error="mse", skill="mse")


def _predictions(panel: Panel, block: Block) -> pd.DataFrame:
    """List predictions: series, origin (last known time), step, time, feature, actual, forecast."""
    n_windows, horizon, n_features = block.actual.shape
    rows = np.repeat(block.windows["target_start"].to_numpy(), horizon * n_features)
    steps = np.tile(np.repeat(np.arange(horizon), n_features), n_windows)
    features = pd.Categorical.from_codes(
        np.tile(np.arange(n_features), n_windows * horizon), categories=list(panel.columns)
    )
    table = pd.DataFrame(
        {
            "origin": panel.times[rows - 1],
            "step": steps + 1,
            "time": panel.times[rows + steps],
            "feature": features,
            "actual": block.actual.ravel(),
            "forecast": block.forecasts[MODEL].ravel(),
        }
    )
    if panel.id is not None:
        codes = np.repeat(series_numbers(block.windows), horizon * n_features)
        names = pd.Categorical.from_codes(codes, categories=list(panel.names))
        table.insert(0, "series", names)
    return table


if __name__ == "__main__":
    run_stage(run)
