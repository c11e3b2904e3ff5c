"""Split: say which part each window belongs to.

The random split picks the very windows that scikit-learn's train_test_split picks. Overlapping
windows then lie on both sides: evaluate measures that leak and names it. The chronological split
gives the past to training and the future to the test, and asserts that nothing leaks. A season that
the rows before the test do not hold is refused here, before the training.
"""

import logging

import pandas as pd

from forecasting.data.seasons import choose_season
from forecasting.data.split import (
    TEST,
    Borders,
    borders_by_date,
    borders_by_share,
    check_chronological,
    chronological_parts,
    gap_rows,
    random_parts,
)
from foundation.params import Params
from foundation.params.split import Split
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    windows, times = artifacts.WINDOWS.load(), artifacts.SERIES.load_index()
    if params.split.method == "random":
        parts = random_parts(
            len(windows), test_size=params.split.test_size, random_state=params.split.random_state
        )
        split = windows.assign(part=parts)
    else:
        gap = gap_rows(params.split.gap, windows)
        borders = _borders(params.split, times)
        split = windows.assign(part=chronological_parts(windows, borders, gap=gap))
        check_chronological(split, gap=gap)
    known = int(split.loc[split["part"] == TEST, "target_start"].min())
    season = choose_season(params.evaluate.season, times, known=known)
    if season.sentence is not None:
        log.warning("split: %s", season.sentence)
    artifacts.SPLIT.save(split)
    counts = split["part"].value_counts(sort=False)
    log.info("split: %s", ", ".join(f"{n} {part}" for part, n in counts.items() if n))


def _borders(split: Split, times: pd.DatetimeIndex) -> Borders:
    if split.validation_from is None or split.test_from is None:
        return borders_by_share(
            len(times), validation_size=split.validation_size, test_size=split.test_size
        )
    return borders_by_date(
        times,
        validation_from=split.validation_from,
        test_from=split.test_from,
        test_until=split.test_until,
    )


if __name__ == "__main__":
    run_stage(run)
