"""Adaptive intervals up to the newest rows: the outcomes that a newer table knows enter them, too."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd

from forecasting.data.continued import continue_series
from forecasting.data.newest import windows_after
from forecasting.data.panel import Panel
from forecasting.data.split import TEST
from forecasting.data.windows import series_numbers
from foundation.params import Params
from stages.newest import Predictor
from stages.outcomes import calibrating_part, intervals_from, known_of
from stages.storage import artifacts
from stages.storage.predictions import Predictions

NEWER = "newer"  # the part of the windows of a newer table whose outcomes are known


def intervals_of(params: Params, panel: Panel, predictor: Predictor) -> pd.DataFrame:
    """Return the intervals of forecasts of the newest rows.

    Those of `calibrate`, unless they are adaptive and the table has rows that it did not know: then all
    outcomes are replayed in the order of time, with forecasts from each row since the test.

    Args:
        params: All parameters.
        panel: The series of a newer table.
        predictor: Forecasts them.
    """
    stored = artifacts.INTERVALS.load()
    if not (params.intervals.adaptive and params.intervals.levels):
        return stored
    learned = artifacts.SERIES.load_panel()
    if panel.last_time <= learned.last_time:
        return stored
    return _Replay(params, learned, panel).intervals(predictor, int(stored["step"].max()))


class _Replay:
    """Series of the model and of a newer table, each row once."""

    def __init__(self, params: Params, learned: Panel, panel: Panel) -> None:
        self._params, self._panel = params, panel
        older, newer = (each.take(~each.ahead).only_targets() for each in (learned, panel))
        found = continue_series(older, newer)
        self._all, self._numbers = found.panel, found.numbers
        self._older = found.older + older.offsets[:-1] - learned.offsets[:-1]
        self._newer = found.newer + newer.offsets[:-1] - panel.offsets[:-1]

    def intervals(self, predictor: Predictor, stored_steps: int) -> pd.DataFrame:
        """Replay as many steps as are forecast, of those that the stored forecasts have."""
        windows = artifacts.SPLIT.load()
        windows = windows[windows["part"] == TEST]
        tested = windows["target_start"].to_numpy() + self._older[series_numbers(windows)]
        newer = self._forecasts(predictor, self._all.times[tested - 1].max())
        part, count = calibrating_part(), artifacts.PREDICTIONS.count
        return intervals_from(
            self._params,
            known_of(self._all, tested=tested, lookback=self._params.windowing.lookback),
            lambda: self._stored(part),
            lambda: chain(self._stored(TEST) if part != TEST else (), newer),
            n_windows=max(count(part), count(TEST) + sum(len(block.series) for block in newer)),
            n_steps=min(predictor.n_steps, stored_steps),
        )

    def _stored(self, part: str) -> Iterator[Predictions]:
        """Read the forecasts of a part, at the rows where they now are."""
        for block in artifacts.PREDICTIONS.blocks(part, n_targets=len(self._panel.targets)):
            yield block._replace(origins=block.origins + self._older[block.series])

    def _forecasts(self, predictor: Predictor, tested: pd.Timestamp) -> list[Predictions]:
        """Forecast from each row of the newer table after the last one that the test forecasts from."""
        lookback = self._params.windowing.lookback
        skip_gaps = self._params.ingest.gaps == "skip"
        windows = windows_after(self._panel, tested, lookback=lookback, skip_gaps=skip_gaps)
        series = series_numbers(windows)
        starts = windows["input_start"].to_numpy() + self._newer[series]
        windows = windows[starts >= self._all.offsets[self._numbers[series]]]
        return [
            block._replace(
                series=self._numbers[block.series].astype(np.int32),
                origins=block.origins + self._newer[block.series],
            )
            for block in predictor.blocks(NEWER, windows)
        ]
