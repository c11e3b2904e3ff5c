"""Evaluate: score the model's forecasts and those of baselines on the same windows, and say what they are worth."""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.filling import earliest_rows
from forecasting.data.panel import Panel
from forecasting.data.scaling import Scaling, fit_scaling
from forecasting.data.seasons import Season, choose_season
from forecasting.data.split import (
    CALIBRATION,
    SCORED,
    TEST,
    TRAIN,
    VALIDATION,
    keeps_best,
    monitored_part,
    rows_known,
    series_without,
    training_rows,
)
from forecasting.data.windows import (
    count_windows,
    series_numbers,
    window_lengths,
    without_windows,
)
from forecasting.evaluation.by_series import (
    best_and_worst,
    count_won,
    mase_scales,
    scores_by_series,
    standardised_mse,
)
from forecasting.evaluation.leakage import leaked_share
from forecasting.evaluation.metrics import against_best, score_board
from forecasting.evaluation.tally import Forecast, Tally, forecast_blocks
from forecasting.intervals.table import (
    coverage_by_level,
    coverage_sentence,
    coverage_table,
    empty_sentence,
    refit_sentence,
)
from forecasting.reporting.html import render_report
from forecasting.reporting.newest_plot import draw_newest
from forecasting.reporting.plots import forecast_plot, loss_plot
from forecasting.reporting.remarks import epoch_sentence, gaps_sentence, series_sentence
from forecasting.reporting.verdict import leak_sentence, unlooked_sentence, verdict
from forecasting.training.learning_curve import kept_epoch
from foundation.errors import DataError, quoted
from foundation.metrics_schema import MODEL, Scores, SeriesSummary, headline
from foundation.number_format import format_number
from foundation.params import Params
from foundation.score_table import Group, ScoreTable, row_name, score_table
from stages.comparison import baselines_of
from stages.newest_forecasts import with_intervals
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.predictions import Stream

log = logging.getLogger(__name__)
REPORTED = ("evaluate", "forecast", "ingest", "intervals", "model", "seed", "split", "train", "windowing")  # fmt: skip # in the report
TABLES = {  # in the report: heading, unit and error
    "Root mean squared error, in units of the series": ("raw", "rmse"),
    "Mean squared error, standardised": ("standardised", "mse"),
    "Mean absolute error, standardised": ("standardised", "mae"),
}
BEST_AND_WORST = "Best and worst series: mean squared error, standardised"
NEWEST_CAPTION = "Forecast after the newest rows, with its intervals"
SEASONS_SHOWN, ROWS_OF_A_DAY = 7, 24  # in the plot of forecasts


@dataclass(frozen=True)
class Inputs:
    """What the stages before have made.

    Attributes:
        whole: The series, with their covariates.
        split: The windows, each with its part.
        part: Which is scored: the test, or validation.
        history: What training noted of its epochs.
        intervals: How sure the forecasts are.
    """

    whole: Panel
    split: pd.DataFrame
    part: str
    history: pd.DataFrame
    intervals: pd.DataFrame

    @cached_property
    def panel(self) -> Panel:
        """The series, one column per target."""
        return self.whole.only_targets()

    @cached_property
    def scored(self) -> pd.DataFrame:
        """The windows to score, by series and time."""
        return self.split[self.split["part"] == self.part].sort_values("input_start")

    @cached_property
    def seen(self) -> np.ndarray:
        """Marks the rows that some training window reads or predicts, shape (rows,)."""
        return training_rows(self.split, n_rows=len(self.panel.values))

    @cached_property
    def drawn(self) -> int:
        """The number of the series in the plot: the first of those with the most scored windows."""
        return int(np.bincount(series_numbers(self.scored)).argmax())


def run(params: Params) -> None:
    found = Inputs(
        artifacts.SERIES.load_panel(),
        artifacts.SPLIT.load(),
        TEST if params.evaluate.test else VALIDATION,
        artifacts.TRAINING.load(),
        artifacts.INTERVALS.load(),
    )
    panel = found.panel
    known = rows_known(found.scored, panel.offsets)
    season = choose_season(params.evaluate.season, panel.longest_times(), known=known)
    standard = fit_scaling(panel.values, found.seen, method="standard", features=panel.columns)
    tally = Tally(standard, n_series=len(panel.names))
    drawn: list[np.ndarray] = []
    blocks = forecast_blocks(panel.values, found.scored, _forecasters(found, standard, season))
    for block in tally.adding(blocks):
        drawn.append(block.forecasts[MODEL][series_numbers(block.windows) == found.drawn])
    artifacts.SCORES_BY_SERIES.save(_scores_by_series(found, tally, season))
    board = score_board(tally.sums, model=MODEL, targets=panel.columns)
    board |= _remarks(params, found, season)
    if found.part != TEST:
        board["scored"] = {"part": found.part, "sentence": unlooked_sentence(found.part)}
    if panel.id is not None:
        board["series"] = _series_summary(found, standardised_mse(tally.by_series, standard))
    scores = Scores.model_validate(board | {"verdict": verdict(board)})
    artifacts.SCORES.save(scores.to_json())
    artifacts.METRICS.save(headline(scores).to_json())
    plots = _plots(params, found, np.concatenate(drawn), season)
    artifacts.REPORT.save(_report(params, found, scores, plots))
    log.info(
        "evaluate: %d %s windows, skill %s over %s",
        len(found.scored),
        found.part,
        format_number(scores.skill.overall),
        board["best_baseline"]["overall"],
    )


def _forecasters(found: Inputs, scaling: Scaling, season: Season) -> Forecast:
    """Prepare the model's forecasts and every baseline, for blocks of windows in their order."""
    panel = found.panel
    baselines = baselines_of(panel, found.split, found.seen, scaling, season)
    predicted = artifacts.PREDICTIONS.stream(found.part, n_targets=len(panel.columns))

    def forecast(windows: pd.DataFrame) -> dict[str, np.ndarray]:
        horizon = window_lengths(windows)[1]
        return {MODEL: _of_windows(predicted, windows)[:, :horizon]} | baselines.forecast(windows)

    return forecast


def _of_windows(predicted: Stream, windows: pd.DataFrame) -> np.ndarray:
    """Take the forecasts of the next windows.

    Raises:
        DataError: They are not of these windows.
    """
    taken = predicted.take(len(windows))
    if not np.array_equal(taken.origins, windows["input_stop"] - 1):
        raise DataError(
            f"{artifacts.PREDICTIONS.path} has forecasts of other windows than the scored part of "
            f"{artifacts.SPLIT.path}. Run the stage predict again."
        )
    return taken.forecasts


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
    leak = leaked_share(split, earliest=earliest_rows(np.isnan(whole.values)), part=found.part)
    every = count_windows(whole.stops - whole.offsets[:-1], **params.windowing.model_dump())
    missing = np.isnan(whole.values[~whole.ahead]).mean()
    gaps = {"filled_share": missing, "left_out": every - len(split)}
    skipped = params.ingest.gaps == "skip"
    epoch = {"kept": kept_epoch(history), "of": len(history)}
    best = keeps_best(params.train.keep, monitored_part(split))
    return {
        "leak": {"share": leak, "sentence": leak_sentence(leak)},
        "gaps": gaps | {"sentence": gaps_sentence(**gaps, skipped=skipped)},
        "epoch": epoch | {"sentence": epoch_sentence(**epoch, best=best)},
        "season": _described(season),
        "windows": _window_counts(split) | {"left_out": gaps["left_out"]},
        "intervals": _interval_remarks(params, found),
    }


def _window_counts(split: pd.DataFrame) -> dict[str, int]:
    counts = split["part"].value_counts(sort=False).to_dict()
    parts = [*SCORED, *([CALIBRATION] if CALIBRATION in counts else [])]
    return {part: int(counts[part]) for part in parts}


def _interval_remarks(params: Params, found: Inputs) -> dict[str, Any]:
    on_test = CALIBRATION not in _window_counts(found.split)
    sentences = [
        coverage_sentence(found.intervals, on_test=on_test),
        empty_sentence(found.intervals),
        refit_sentence(found.intervals) if params.forecast.refit else None,
    ]
    shares = coverage_by_level(found.intervals)
    return {
        "coverage": {f"{level:g}": share for level, share in shares.items()},
        "sentence": " ".join(filter(None, sentences)) or None,
    }


def _described(season: Season) -> dict[str, Any]:
    others = {"others": list(season.others)} if season.others else {}
    return {"rows": season.rows, "sentence": season.sentence} | others


def _plots(
    params: Params, found: Inputs, forecasts: np.ndarray, season: Season
) -> dict[str, bytes]:
    """Draw and save the plots; return them by their captions."""
    rows = SEASONS_SHOWN * (season.rows or ROWS_OF_A_DAY)
    panel, drawn = found.panel, found.drawn
    windows = found.scored[series_numbers(found.scored) == drawn]
    starts = windows["target_start"].to_numpy() - panel.offsets[drawn]
    series = panel.series(drawn).iloc[: found.whole.stops[drawn] - panel.offsets[drawn]]
    name = "Forecasts" if panel.id is None else f"Forecasts of series {quoted(panel.names[drawn])}"
    plots = {
        name: forecast_plot(series, forecasts, starts, rows=rows, part=found.part),
        "Training": loss_plot(found.history),
        NEWEST_CAPTION: _newest_plot(params, found),
    }
    artifacts.FORECAST_PLOT.save(plots[name])
    artifacts.LOSS_PLOT.save(plots["Training"])
    return plots


def _newest_plot(params: Params, found: Inputs) -> bytes:
    """Draw what comes after the newest rows, as this model forecasts it."""
    panel = found.whole
    newest = artifacts.PREDICTIONS.newest(
        n_targets=len(panel.targets), n_steps=params.forecast.horizon
    )
    return draw_newest(panel, *with_intervals(params, panel, newest, found.intervals))


def _report(params: Params, found: Inputs, scores: Scores, plots: dict[str, bytes]) -> bytes:
    """Render the page that shows the plots next to the scores."""
    remarks = (scores.scored, scores.gaps, scores.season, scores.series, scores.intervals)
    tables = {heading: _table(scores, *which) for heading, which in TABLES.items()}
    if scores.series is not None:
        tables[BEST_AND_WORST] = _series_table(scores.series)
    return render_report(
        verdict=scores.verdict,
        leak=scores.leak.sentence,
        leaked=scores.leak.share > 0,
        notes=[each.sentence for each in remarks if each and each.sentence],
        windows=scores.windows,
        scored=scores.scored.part if scores.scored else TEST,
        epoch=(scores.epoch and scores.epoch.sentence) or "",
        tables=tables,
        intervals=coverage_table(found.intervals),
        params=params.model_dump(include=set(REPORTED), exclude={"forecast": {"input"}}),
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


if __name__ == "__main__":
    run_stage(run)
