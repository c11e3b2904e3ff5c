"""What a run forecast, row by row, next to what happened."""

from pathlib import Path

import numpy as np
import pandas as pd

from stages.storage.predictions import PredictionTable
from stages.storage.tables import SeriesTable


def predictions_of(folder: Path, part: str = "test", *, n_steps: int | None = None) -> pd.DataFrame:
    """List the predictions of a part: each with its series, origin, step, time, feature, actual and forecast.

    Where a step lies after the last target, there is neither time nor actual value.
    """
    panel = SeriesTable(folder / "data/series.parquet").load_panel()
    targets = panel.only_targets()
    table = PredictionTable(folder / "data/predictions.parquet")
    rows = []
    for block in table.blocks(part, n_targets=len(targets.columns)):
        for series, origin, forecast in zip(*block[1:], strict=True):
            steps = np.arange(1, 1 + len(forecast[:n_steps]))
            known = np.minimum(origin + steps, panel.stops[series] - 1)
            past = origin + steps < panel.stops[series]
            actual = np.where(past[:, None], targets.values[known], np.nan)
            times = panel.times[known].where(past)
            rows.append(
                pd.DataFrame(
                    {
                        "series": panel.names[series],
                        "origin": panel.times[origin],
                        "step": np.repeat(steps, len(targets.columns)),
                        "time": np.repeat(times, len(targets.columns)),
                        "feature": np.tile(targets.columns, len(steps)),
                        "actual": actual.ravel(),
                        "forecast": forecast[:n_steps].ravel(),
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)
