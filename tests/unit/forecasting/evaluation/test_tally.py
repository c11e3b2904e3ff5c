import numpy as np
import pytest

from forecasting.data.scaling import Scaling
from forecasting.data.windows import panel_windows, window_table
from forecasting.evaluation.tally import BATCH, Tally, forecast_blocks

VALUES = np.arange(3000.0)[:, None]  # value equals position
WINDOWS = window_table(3000, lookback=2, horizon=3, stride=2)


def late(windows):
    """Forecast each step by the position of its window."""
    starts = windows["target_start"].to_numpy()
    return {"model": np.repeat(starts[:, None, None], 3, axis=1).astype(float)}


def tally_of(blocks, *, n_series=1):
    tally = Tally(Scaling(np.zeros(1), np.ones(1)), n_series=n_series)
    return tally, list(tally.adding(blocks))


def test_blocks_hold_every_window_once_and_in_order():
    blocks = list(forecast_blocks(VALUES, WINDOWS, late, most=1))

    assert [len(block.windows) for block in blocks] == [BATCH] * 5 + [len(WINDOWS) - 5 * BATCH]
    starts = np.concatenate([block.actual[:, 0, 0] for block in blocks])
    assert starts.tolist() == WINDOWS["target_start"].tolist()


@pytest.mark.parametrize(("most", "n_blocks"), [(1, 6), (3 * 2 * BATCH, 3), (10**6, 1)])
def test_whatever_the_blocks_the_errors_are_the_same(most, n_blocks):
    tally, blocks = tally_of(forecast_blocks(VALUES, WINDOWS, late, most=most))

    assert len(blocks) == n_blocks
    sums = tally.sums["model"]["raw"]
    assert sums.count == 3 * len(WINDOWS)
    assert sums.squared.tolist() == [(0 + 1 + 4) * len(WINDOWS)]
    assert sums.absolute.tolist() == [3 * len(WINDOWS)]
    assert tally.by_series.counts.tolist() == [3 * len(WINDOWS)]


def test_each_series_has_its_own_sums():
    windows = panel_windows(np.array([0, 2000, 3000]), lookback=2, horizon=3, stride=1)
    tally, _ = tally_of(forecast_blocks(VALUES, windows, late, most=1), n_series=2)

    assert tally.by_series.counts.tolist() == [3 * 1996, 3 * 996]
    assert tally.by_series.squared["model"].tolist() == [[5 * 1996], [5 * 996]]
