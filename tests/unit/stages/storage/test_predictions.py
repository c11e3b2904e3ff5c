import numpy as np
import pandas as pd
import pytest

from stages.storage.predictions import NEWEST, Predictions, PredictionTable


def block(part, first, n_windows, *, n_steps=2, n_targets=3):
    """Forecasts in which each number tells its window, step and target."""
    windows = np.arange(first, first + n_windows)
    forecasts = (
        100.0 * windows[:, None, None] + 10.0 * np.arange(n_steps)[:, None] + np.arange(n_targets)
    )
    return Predictions(part, windows.astype(np.int32) % 2, windows + 1000, forecasts)


def saved(path, *blocks):
    table = PredictionTable(path / "predictions.parquet")
    table.save_predictions(blocks)
    return table


def test_blocks_come_back_as_they_were_written(tmp_path):
    written = [
        block("validation", 0, 3),
        block("test", 3, 2),
        block("test", 5, 4),
        block(NEWEST, 9, 1),
    ]

    table = saved(tmp_path, *written)

    assert [table.count(part) for part in ("validation", "test", NEWEST, "train")] == [3, 6, 1, 0]
    for before, after in zip(written[1:3], table.blocks("test", n_targets=3), strict=True):
        assert after.part == "test"
        for one, other in zip(before[1:], after[1:], strict=True):
            assert one.tolist() == other.tolist()


def test_a_row_is_a_window_with_its_forecast_as_a_list(tmp_path):
    table = saved(tmp_path, block("test", 4, 2))

    frame = pd.read_parquet(table.path)

    assert list(frame.columns) == ["series", "origin", "part", "forecast"]
    assert frame["origin"].tolist() == [1004, 1005]
    assert frame["part"].tolist() == ["test", "test"]
    assert frame["forecast"][0].tolist() == [400, 401, 402, 410, 411, 412]  # step after step


def test_without_any_windows_there_is_a_table_without_rows(tmp_path):
    table = saved(tmp_path)

    assert table.count("test") == 0
    assert len(pd.read_parquet(table.path)) == 0


def test_the_same_forecasts_are_the_same_bytes(tmp_path):
    blocks = [block("test", 0, 3), block(NEWEST, 3, 2)]

    first = saved(tmp_path, *blocks).path.read_bytes()

    assert saved(tmp_path, *blocks).path.read_bytes() == first


def test_a_step_that_could_not_be_forecast_stays_missing(tmp_path):
    one = block("test", 0, 1)
    one.forecasts[0, 1:] = np.nan

    (found,) = saved(tmp_path, one).blocks("test", n_targets=3)

    assert found.forecasts[0, 0].tolist() == [0, 1, 2]
    assert np.isnan(found.forecasts[0, 1]).all()


def test_a_stream_hands_out_windows_whatever_the_blocks_were(tmp_path):
    table = saved(tmp_path, block("test", 0, 3), block("test", 3, 4), block(NEWEST, 7, 1))
    stream = table.stream("test", n_targets=3)

    taken = [stream.take(n) for n in (2, 4, 1)]

    assert [each.origins.tolist() for each in taken] == [
        [1000, 1001],
        [1002, 1003, 1004, 1005],
        [1006],
    ]
    assert taken[1].forecasts[:, 0, 0].tolist() == [200, 300, 400, 500]
    with pytest.raises(StopIteration):
        stream.take(1)
