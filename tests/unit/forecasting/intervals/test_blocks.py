import numpy as np

from forecasting.intervals.blocks import halves


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
