import numpy as np
import pandas as pd

from forecasting.data.split import Borders, axis_of, check_chronological, chronological_parts
from forecasting.data.windows import panel_windows, window_table
from forecasting.intervals.blocks import halves, with_calibration


def test_blocks_go_by_turns_to_the_two_halves():
    starts = np.arange(10, 22)

    even, odd = halves(starts, starts + 1, first=10, length=3)

    assert starts[even].tolist() == [10, 11, 12, 16, 17, 18]
    assert starts[odd].tolist() == [13, 14, 15, 19, 20, 21]


def test_a_window_that_predicts_rows_of_two_blocks_is_in_neither_half():
    starts = np.arange(10, 20)

    even, odd = halves(starts, starts + 3, first=10, length=5)  # blocks 10-14, 15-19, 20-24

    assert starts[even].tolist() == [10, 11, 12]
    assert starts[odd].tolist() == [15, 16, 17]


def test_no_row_is_predicted_in_both_halves():
    starts = np.arange(100)
    even, odd = halves(starts, starts + 4, first=0, length=11)

    predicted = [{row + step for row in starts[half] for step in range(4)} for half in (even, odd)]

    assert predicted[0] and predicted[1]
    assert not predicted[0] & predicted[1]


def split_of(windows, times, borders, offsets=None):
    axis = axis_of(times, offsets)
    parts = chronological_parts(windows, borders, gap=0, axis=axis)
    parts = with_calibration(parts, windows, axis)
    split = windows.assign(part=parts)
    check_chronological(split, gap=0, axis=axis)
    return split


def test_every_second_block_of_the_validation_part_calibrates():
    times = pd.date_range("2024-01-01", periods=60, freq="h", unit="us")
    windows = window_table(60, lookback=3, horizon=2, stride=1)

    split = split_of(windows, times, Borders(30, 43, 60))

    starts = split.set_index("target_start")["part"]
    assert starts.loc[30:33].tolist() == ["validation"] * 4  # rows 30 to 34
    assert starts[34] == "unused"  # predicts rows 34 and 35
    assert starts.loc[35:38].tolist() == ["calibration"] * 4
    assert starts[39] == "unused"
    assert (
        starts.loc[40:41].tolist() == ["validation"] * 2
    )  # rows 40 to 42: what is left of a block
    assert set(starts.loc[:28]) == {"train"}
    assert set(starts.loc[43:]) == {"test"}


def test_a_validation_part_of_one_block_stays_whole():
    times = pd.date_range("2024-01-01", periods=60, freq="h", unit="us")
    windows = window_table(60, lookback=20, horizon=2, stride=1)

    split = split_of(windows, times, Borders(30, 45, 60))

    assert list(split["part"].cat.categories) == ["train", "validation", "test", "unused"]
    assert (split["part"] == "validation").sum() == 14


def test_series_calibrate_on_the_same_dates():
    days = pd.date_range("2024-01-01", periods=40, unit="us")
    times, offsets = days.append(days[10:]), np.array([0, 40, 70])
    windows = panel_windows(offsets, lookback=2, horizon=1, stride=1)

    split = split_of(windows, times, Borders(20, 30, 40), offsets)

    calibrating = split[split["part"] == "calibration"]
    dates = [
        set(times[calibrating.loc[calibrating["series"] == number, "target_start"]])
        for number in (0, 1)
    ]
    assert dates[0] == dates[1] == {*days[23:26], *days[29:30]}
