"""The published protocol on ETTh1: borders, scaling and window counts, by numbers known to all."""

import numpy as np
import pandas as pd
import pytest

from forecasting.data.filling import fill
from forecasting.data.scaling import fit_scaling
from forecasting.data.split import axis_of, borders_by_date, chronological_parts, training_rows
from forecasting.data.windows import gather_targets, window_table
from forecasting.evaluation.metrics import error_sums, overall, scores
from forecasting.models.baselines import fit_baselines

DATES = {"validation_from": "2017-06-26", "test_from": "2017-10-24", "test_until": "2018-02-21"}
REPEAT_LAST = {96: (1.294, 0.713), 192: (1.325, 0.733), 336: (1.330, 0.746), 720: (1.335, 0.755)}
PUBLISHED = {96: (1.295, 0.713), 192: (1.325, 0.733), 336: (1.323, 0.744), 720: (1.339, 0.756)}
RIDGE_336 = {96: (0.370, 0.391), 336: (0.426, 0.426)}


@pytest.mark.parametrize("horizon", [96, 192, 336, 720])
def test_etth1_has_the_published_borders_scaling_counts_and_scores(etth1, horizon):
    frame = pd.read_csv(etth1, index_col=0, parse_dates=True)
    values, features = frame.to_numpy(), list(frame.columns)
    windows = window_table(len(values), lookback=336, horizon=horizon, stride=1)
    borders = borders_by_date(frame.index, **DATES)
    assert (borders.validation_from, borders.test_from, borders.test_until) == (8640, 11520, 14400)
    split = windows.assign(
        part=chronological_parts(windows, borders, gap=0, axis=axis_of(frame.index))
    )
    test = split[split["part"] == "test"]
    assert len(test) == 2880 - horizon + 1

    seen = training_rows(split, n_rows=len(values))
    assert np.flatnonzero(seen).tolist() == list(range(8640))
    scaling = fit_scaling(values, seen, method="standard", features=features)
    assert (scaling.center[6], scaling.scale[6]) == pytest.approx((17.128, 9.176), abs=5e-4)
    assert (scaling.center[0], scaling.scale[0]) == pytest.approx((7.938, 5.813), abs=5e-4)

    actual = scaling.apply(gather_targets(values, test))
    forecasts = fit_baselines(
        fill(values), split, scaling=scaling, seasons={"seasonal_naive": 24}
    ).forecast(test)

    def score(name, n_windows=None):
        found = overall(
            scores(error_sums(actual[:n_windows], scaling.apply(forecasts[name])[:n_windows]))
        )
        return found["mse"], found["mae"]

    assert score("repeat_last") == pytest.approx(REPEAT_LAST[horizon], abs=5.1e-4)
    whole_batches = len(test) // 32 * 32
    assert score("repeat_last", whole_batches) == pytest.approx(PUBLISHED[horizon], abs=5.1e-4)
    if horizon in RIDGE_336:
        assert score("ridge") == pytest.approx(RIDGE_336[horizon], abs=5.1e-4)
