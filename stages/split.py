"""Split: say which part each window belongs to.

The random split picks the very windows that scikit-learn's train_test_split picks. Overlapping
windows then lie on both sides: evaluate measures that leak and names it. The chronological split
gives the past to training and the future to the test, by the same dates for all series, and asserts
that nothing leaks. Every second block of its validation part calibrates the intervals. A season that
the rows before the test do not hold is refused here, before the training.
"""

import logging

import pandas as pd

from forecasting.data.panel import Panel, listed
from forecasting.data.seasons import choose_season
from forecasting.data.split import (
    TEST,
    TRAIN,
    Borders,
    axis_of,
    borders_by_date,
    borders_by_share,
    check_chronological,
    chronological_parts,
    gap_rows,
    random_parts,
    rows_known,
    series_without,
)
from forecasting.intervals.blocks import with_calibration
from foundation.params import Params
from foundation.params.split import Split
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    windows, panel = artifacts.WINDOWS.load(), artifacts.SERIES.load_panel()
    split = windows.assign(part=_parts(params.split, windows, panel))
    known = rows_known(split[split["part"] == TEST], panel.offsets)
    season = choose_season(params.evaluate.season, panel.longest_times(), known=known)
    if season.sentence is not None:
        log.warning("split: %s", season.sentence)
    artifacts.SPLIT.save(split)
    untrained = series_without(split, TRAIN, n_series=len(panel.names))
    if len(untrained):
        names = [panel.names[number] for number in untrained]
        log.warning("split: %s without training windows, forecast and scored", listed(names))
    counts = split["part"].value_counts(sort=False)
    log.info("split: %s", ", ".join(f"{n} {part}" for part, n in counts.items() if n))


def _parts(split: Split, windows: pd.DataFrame, panel: Panel) -> pd.Categorical:
    if split.method == "random":
        return random_parts(
            len(windows), test_size=split.test_size, random_state=split.random_state
        )
    axis = axis_of(panel.times, panel.offsets, panel.stops)
    gap = gap_rows(split.gap, windows)
    parts = chronological_parts(windows, _borders(split, axis.dates), gap=gap, axis=axis)
    parts = with_calibration(parts, windows, axis)
    check_chronological(windows.assign(part=parts), gap=gap, axis=axis)
    return parts


def _borders(split: Split, dates: pd.DatetimeIndex) -> Borders:
    if split.validation_from is None or split.test_from is None:
        return borders_by_share(
            len(dates), validation_size=split.validation_size, test_size=split.test_size
        )
    return borders_by_date(
        dates,
        validation_from=split.validation_from,
        test_from=split.test_from,
        test_until=split.test_until,
    )


if __name__ == "__main__":
    run_stage(run)
