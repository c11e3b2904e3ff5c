import numpy as np

from forecasting.data.filling import fill
from forecasting.data.scaling import Scaling
from forecasting.data.windows import panel_windows, window_table
from forecasting.models.baselines import fit_baselines, repeat_last, seasonal_naive

VALUES = np.arange(8.0)[:, None] + [0, 100]  # value equals position; the second feature is 100 on
SERIES = fill(VALUES)
WINDOWS = window_table(8, lookback=3, horizon=2, stride=2)  # origins 3 and 5


def test_repeat_last_repeats_the_last_row_read():
    assert repeat_last(SERIES, WINDOWS, horizon=2).tolist() == [
        [[2, 102], [2, 102]],
        [[4, 104], [4, 104]],
    ]


def test_seasonal_naive_takes_the_rows_one_season_before():
    assert seasonal_naive(SERIES, WINDOWS, horizon=2, season=3)[:, :, 0].tolist() == [
        [0, 1],
        [2, 3],
    ]


def test_seasonal_naive_repeats_the_last_season_over_a_longer_horizon():
    forecasts = seasonal_naive(SERIES, WINDOWS, horizon=5, season=2)

    assert forecasts[:, :, 1].tolist() == [[101, 102, 101, 102, 101], [103, 104, 103, 104, 103]]


def test_a_season_of_one_row_is_repeat_last():
    assert seasonal_naive(SERIES, WINDOWS, horizon=2, season=1)[:, :, 0].tolist() == [
        [2, 2],
        [4, 4],
    ]


def test_every_baseline_forecasts_the_windows_asked_for():
    split = WINDOWS.assign(part=["train", "test"])
    scaling = Scaling(center=np.array([1.5, 101.5]), scale=np.array([2.0, 2.0]))

    forecasts = fit_baselines(
        SERIES, split, scaling=scaling, seasons={"seasonal_naive": 3}
    ).forecast(split[1:])

    assert forecasts["repeat_last"].tolist() == [[[4, 104], [4, 104]]]
    assert forecasts["seasonal_naive"].tolist() == [[[2, 102], [3, 103]]]
    assert forecasts["training_mean"].tolist() == [[[1.5, 101.5], [1.5, 101.5]]]
    assert {values.shape for values in forecasts.values()} == {(1, 2, 2)}


def test_without_a_season_there_is_no_seasonal_baseline():
    split = WINDOWS.assign(part=["train", "test"])
    scaling = Scaling(center=np.zeros(2), scale=np.ones(2))

    forecasts = fit_baselines(SERIES, split, scaling=scaling, seasons={}).forecast(split[1:])

    assert list(forecasts) == ["repeat_last", "training_mean", "ridge"]


def test_baselines_read_missing_cells_as_a_window_does_that_ends_there():
    values = np.arange(8.0)[:, None]
    values[[1, 4]] = np.nan  # row 1 is known to both windows, row 4 is the last of the second
    series = fill(values)

    # the line 0, 2 passes 1; after row 3 the window up to row 5 knows nothing
    assert repeat_last(series, WINDOWS, horizon=2)[:, :, 0].tolist() == [[2, 2], [3, 3]]
    assert seasonal_naive(series, WINDOWS, horizon=2, season=2)[:, :, 0].tolist() == [
        [1, 2],
        [3, 3],
    ]


def test_each_series_has_the_mean_of_its_own_training_rows():
    windows = panel_windows(np.array([0, 4, 8]), lookback=2, horizon=2, stride=1)
    split = windows.assign(part=["train", "test"])
    scaling = Scaling(center=np.array([1.5, 101.5]), scale=np.array([2.0, 2.0]))
    means = np.array([[1.0, 2.0], [np.nan, np.nan]])

    fitted = fit_baselines(SERIES, split, scaling=scaling, seasons={}, means=means)

    assert fitted.forecast(split[:1])["training_mean"].tolist() == [[[1, 2], [1, 2]]]
    assert np.isnan(fitted.forecast(split[1:])["training_mean"]).all()


def test_each_season_has_a_baseline():
    split = WINDOWS.assign(part=["train", "test"])
    scaling = Scaling(center=np.zeros(2), scale=np.ones(2))
    seasons = {"seasonal_naive": 1, "seasonal_naive_3": 3}

    forecasts = fit_baselines(SERIES, split, scaling=scaling, seasons=seasons).forecast(split[1:])

    assert forecasts["seasonal_naive"][0, :, 0].tolist() == [4, 4]
    assert forecasts["seasonal_naive_3"][0, :, 0].tolist() == [2, 3]
