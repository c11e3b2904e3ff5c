import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from forecasting.data.filling import earliest_rows
from forecasting.data.split import keeps_best, random_parts, training_rows
from forecasting.data.windows import window_table
from forecasting.evaluation.leakage import leaked_share
from foundation.errors import DataError


def split_of(parts, *, lookback=2, horizon=1):
    windows = window_table(
        len(parts) + lookback + horizon - 1, lookback=lookback, horizon=horizon, stride=1
    )
    return windows.assign(part=parts)


@pytest.mark.parametrize("n_windows", [2, 5, 6, 99, 100, 101, 1003])
@pytest.mark.parametrize(("test_size", "random_state"), [(0.2, 42), (0.35, 0)])
def test_the_split_selects_the_windows_that_scikit_learn_selects(
    n_windows, test_size, random_state
):
    series = np.arange(n_windows + 3.0)[:, None] + [0, 5000]
    X = np.stack([series[start : start + 3] for start in range(n_windows)])
    y = series[3:]  # the next row of all features
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, random_state=random_state
    )

    parts = random_parts(n_windows, test_size=test_size, random_state=random_state)

    train, test = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test")
    assert sorted(X_train[:, 0, 0]) == train.tolist()  # value equals position
    assert sorted(X_test[:, 0, 0]) == test.tolist()
    assert sorted(y_train[:, 0] - 3) == train.tolist()
    assert sorted(y_test[:, 0] - 3) == test.tolist()
    assert len(train) + len(test) == n_windows


def test_the_reference_split_of_ten_windows_tests_the_second_and_the_ninth():
    parts = random_parts(10, test_size=0.2, random_state=42)

    assert np.flatnonzero(parts == "test").tolist() == [1, 8]
    assert set(parts) == {"train", "test"}


@pytest.mark.parametrize(("n_windows", "test_size"), [(1, 0.2), (3, 0.9), (2, 0.6)])
def test_a_split_with_an_empty_part_is_refused(n_windows, test_size):
    with pytest.raises(
        DataError, match=rf"test_size={test_size} leaves a part empty.* {n_windows} "
    ):
        random_parts(n_windows, test_size=test_size, random_state=42)


def test_training_rows_are_all_rows_that_training_windows_read_or_predict():
    split = split_of(["train", "test", "test", "test", "train"])

    # rows 0-2 of the first window and rows 4-6 of the last
    assert np.flatnonzero(training_rows(split, n_rows=7)).tolist() == [0, 1, 2, 4, 5, 6]


def test_the_leaked_share_counts_tested_rows_that_training_windows_touch():
    split = split_of(["train", "test", "test", "test", "train"])

    # tested are rows 3, 4, 5; training has seen 4 and 5
    assert leaked_share(split, earliest=np.arange(7)) == 2 / 3


def test_a_test_part_behind_all_training_rows_does_not_leak():
    split = split_of(["train", "train", "test", "test"])

    # training ends with row 3, the first tested row is 4
    assert leaked_share(split, earliest=np.arange(6)) == 0


def test_a_test_window_among_training_windows_leaks_whole():
    assert leaked_share(split_of(["train", "test", "train"]), earliest=np.arange(5)) == 1


def test_a_row_that_a_filled_cell_of_training_stands_on_counts_as_seen():
    split = split_of(["unused", "test", "unused", "unused", "train"])  # tested is row 3
    missing = np.zeros((7, 2), dtype=bool)
    missing[4, 1] = True  # the training window reads rows 4 and 5

    assert leaked_share(split, earliest=earliest_rows(np.zeros((7, 2), dtype=bool))) == 0
    assert leaked_share(split, earliest=earliest_rows(missing)) == 1


@pytest.mark.parametrize(
    ("keep", "monitored", "best"),
    [
        ("auto", "validation", True),
        ("auto", "test", False),
        ("best", "test", True),
        ("last", "validation", False),
    ],
)
def test_auto_keeps_the_best_epoch_only_where_a_validation_part_chooses_it(keep, monitored, best):
    assert keeps_best(keep, monitored) == best
