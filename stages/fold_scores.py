"""What came of a backtest: `python -m stages.fold_scores REQUEST FILE PLOT`.

REQUEST is a JSON file with `folds`, each with `params`, the content of its params.yaml, `files`, where its
artifacts lie, by their paths in the project, and `cutoffs`, the last known times; and `seed`, of the
bootstrap. The forecasts from these cutoffs are written to FILE, beside what happened and what the
baselines of the same fold forecast. PLOT shows those of the first series, and the scores are printed as JSON.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.filling import fill
from forecasting.data.panel import Panel
from forecasting.data.scaling import fit_scaling
from forecasting.data.seasons import choose_season
from forecasting.data.split import (
    TEST,
    UNUSED,
    axis_of,
    check_chronological,
    gap_rows,
    rows_known,
    training_rows,
)
from forecasting.data.windows import gather_targets, series_numbers, window_lengths
from forecasting.evaluation.backtest import SquaredErrors, backtest_scores
from forecasting.intervals.conformal import interval_bounds
from forecasting.intervals.scales import scales_before
from forecasting.intervals.table import is_scaled, levels_of, offsets_of
from forecasting.reporting.backtest_table import CUTOFF, backtest_table
from forecasting.reporting.forecast_table import ID, TIME, series_ids
from forecasting.reporting.plots import forecast_plot
from foundation import paths
from foundation.errors import DataError, PipelineError
from foundation.files import write_bytes
from foundation.metrics_schema import MODEL
from foundation.params import Params, check_params
from stages.comparison import baselines_of
from stages.runner import check_code, check_seal
from stages.storage.predictions import PredictionTable
from stages.storage.tables import SeriesTable, Table

AROUND = 5  # forecasts of rows shown, besides those from the first to the last of them


@dataclass(frozen=True)
class Origins:
    """The forecasts of a fold from its cutoffs, and what happened.

    Attributes:
        panel: The series, one column per target.
        windows: The window of each forecast, by series and time.
        actual: Shape (windows, steps, targets), in units of the series.
        forecasts: By forecaster, same shape.
        errors: Standardised squared errors by forecaster, averaged over targets, shape (windows, steps).
        bounds: Ends of the intervals, shape (levels, 2, windows, steps, targets).
        levels: In per cent.
    """

    panel: Panel
    windows: pd.DataFrame
    actual: np.ndarray
    forecasts: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    bounds: np.ndarray
    levels: list[float]

    @property
    def cutoffs(self) -> np.ndarray:
        """The last known time of each forecast, shape (windows,)."""
        return self.panel.times[self.windows["input_stop"].to_numpy() - 1].asi8

    def table(self) -> pd.DataFrame:
        """List them, one row for each target of each series, cutoff and time."""
        panel = self.panel
        ids = series_ids(panel.names, panel.columns, has_id=panel.id is not None)
        targets = self.windows["target_start"].to_numpy()[:, None] + np.arange(self.actual.shape[1])
        return backtest_table(
            [ids[number] for number in series_numbers(self.windows)],
            cutoffs=panel.times[self.windows["input_stop"].to_numpy() - 1],
            times=panel.times.to_numpy()[targets],
            actual=self.actual,
            forecasts=self.forecasts,
            model=MODEL,
            bounds=self.bounds,
            levels=self.levels,
        )


def read_fold(params: Params, files: Mapping[str, str], cutoffs: Sequence[str]) -> Origins:
    """Read the forecasts of a fold from its cutoffs, and make those of its baselines.

    Args:
        params: Of its run.
        files: Where its artifacts lie.
        cutoffs: The last known times.

    Raises:
        DataError: Something leaked into the fold, or it has no forecast from a cutoff.
    """
    whole = SeriesTable(Path(files[paths.SERIES.as_posix()])).load_panel()
    split = Table(Path(files[paths.SPLIT.as_posix()])).load()
    panel, windows = whole.only_targets(), _chosen(whole, split, cutoffs)
    _check_honest(params, whole, split, first=min(pd.DatetimeIndex(list(cutoffs))))
    seen = training_rows(split, n_rows=len(panel.values))
    scaling = fit_scaling(panel.values, seen, method="standard", features=panel.columns)
    known = rows_known(windows, panel.offsets)
    season = choose_season(params.evaluate.season, panel.longest_times(), known=known)
    predictions = PredictionTable(Path(files[paths.PREDICTIONS.as_posix()]))
    made = {MODEL: _predicted(predictions, windows, n_targets=len(panel.columns))}
    forecasts = made | baselines_of(panel, split, seen, scaling, season).forecast(windows)
    actual = gather_targets(panel.values, windows)
    errors = {
        name: np.square((actual - each) / scaling.scale).mean(axis=2)
        for name, each in forecasts.items()
    }
    intervals = Table(Path(files[paths.INTERVALS.as_posix()])).load()
    bounds = _bounds(params, panel, windows, made[MODEL], intervals)
    return Origins(panel, windows, actual, forecasts, errors, bounds, levels_of(intervals))


def _chosen(panel: Panel, split: pd.DataFrame, cutoffs: Sequence[str]) -> pd.DataFrame:
    """Take the test windows that end with a cutoff, by series and time."""
    test = split[split["part"] == TEST].sort_values("input_start")
    last = panel.times[test["input_stop"].to_numpy() - 1]
    wanted = pd.DatetimeIndex(list(cutoffs))
    missing = wanted.difference(last)
    if len(missing):
        raise DataError(
            f"No test window of the fold ends at {missing[0]}: the table has a gap there. Choose other "
            "cutoffs with --n-windows or --step-size, or set ingest.gaps."
        )
    return test[last.isin(wanted)]


def _check_honest(
    params: Params, panel: Panel, split: pd.DataFrame, *, first: pd.Timestamp
) -> None:
    """Assert that the model of a fold has seen nothing after its first cutoff.

    Raises:
        DataError: It has.
    """
    axis = axis_of(panel.times, panel.offsets, panel.stops)
    check_chronological(split, gap=gap_rows(params.split.gap, split), axis=axis)
    seen = split.loc[~split["part"].isin([TEST, UNUSED]), "target_stop"].to_numpy()
    last = panel.times[seen - 1].max()
    if last > first:
        raise DataError(
            f"Leak: the model of the fold has seen rows up to {last}, and forecasts from {first}. The "
            "backtest is not to be trusted; please report it."
        )


def _predicted(table: PredictionTable, windows: pd.DataFrame, *, n_targets: int) -> np.ndarray:
    """Read the model's forecasts of some windows, in their order, shape (windows, steps, targets)."""
    wanted, n_steps = windows["input_stop"].to_numpy() - 1, window_lengths(windows)[1]
    found = [
        block.forecasts[np.isin(block.origins, wanted), :n_steps]
        for block in table.blocks(TEST, n_targets=n_targets)
    ]
    forecasts = np.concatenate(found)
    if len(forecasts) != len(wanted):
        raise DataError(f"{paths.PREDICTIONS} has forecasts of other windows than the test part.")
    return forecasts


def _bounds(
    params: Params,
    panel: Panel,
    windows: pd.DataFrame,
    forecasts: np.ndarray,
    intervals: pd.DataFrame,
) -> np.ndarray:
    """Put the intervals of the fold on its forecasts."""
    offsets = offsets_of(intervals, n_steps=forecasts.shape[1], targets=panel.columns)
    scales = None
    if is_scaled(intervals):
        filled, stops = fill(panel.values, panel.offsets), windows["input_stop"].to_numpy()
        scales = scales_before(filled, stops, lookback=params.windowing.lookback)
    return interval_bounds(forecasts, offsets, scales=scales, least=params.model.targets_min)


def scores(request: Mapping[str, Any], file: Path, plot: Path) -> dict[str, Any]:
    """Write the table of forecasts and their plot, and return what they are worth.

    Raises:
        PipelineError: A fold is not honest, or is not whole.
    """
    found = [_fold(number, fold) for number, fold in enumerate(request["folds"], start=1)]
    table = pd.concat([each.table() for each in found], ignore_index=True)
    Table(file).save(table.sort_values([ID, CUTOFF, TIME], ignore_index=True))
    write_bytes(plot, _plot(found))
    names = [name for name in found[0].errors if all(name in each.errors for each in found)]
    errors = SquaredErrors(
        {name: np.concatenate([each.errors[name] for each in found]) for name in names},
        np.repeat(np.arange(len(found)), [len(each.windows) for each in found]),
        np.concatenate([each.cutoffs for each in found]),
    )
    return backtest_scores(errors, model=MODEL, seed=request["seed"])


def _plot(folds: Sequence[Origins]) -> bytes:
    """Draw the forecasts of the first series that has any; the first fold reads the most rows."""
    panel = folds[0].panel
    name = panel.names[int(series_numbers(folds[0].windows).min())]
    series = panel.series(panel.names.index(name))
    forecasts, starts = [], []
    for fold in folds:
        here = series_numbers(fold.windows) == fold.panel.names.index(name)
        first = fold.panel.times[fold.windows["target_start"].to_numpy()[here]]
        forecasts.append(fold.forecasts[MODEL][here])
        starts.append(series.index.searchsorted(first))
    where = np.concatenate(starts)
    rows = int(where.max() - where.min()) + AROUND * folds[0].actual.shape[1]
    return forecast_plot(series, np.concatenate(forecasts), where, rows=rows, part="backtest")


def _fold(number: int, fold: Mapping[str, Any]) -> Origins:
    params = check_params(fold["params"], source=f"params.yaml of fold {number}")
    return read_fold(params, fold["files"], fold["cutoffs"])


def main() -> None:
    """Print the scores, or why there are none, as JSON."""
    try:
        check_seal()
        check_code(Path.cwd())
        request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        said: dict[str, Any] = {"scores": scores(request, Path(sys.argv[2]), Path(sys.argv[3]))}
    except PipelineError as error:
        said = {"refused": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
