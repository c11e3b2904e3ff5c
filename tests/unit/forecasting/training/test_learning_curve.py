import numpy as np
import pytest

from forecasting.training.learning_curve import Epoch, kept_epoch, learning_curve

HISTORY = [Epoch(3.0, 2.0, 0.5), Epoch(2.0, 1.0, 0.5), Epoch(1.0, 1.5, 0.25)]


@pytest.mark.parametrize(("keep_best", "kept"), [(True, 2), (False, 3)])
def test_a_row_per_epoch_marks_the_one_that_is_kept(keep_best, kept):
    curve = learning_curve(HISTORY, keep_best=keep_best)

    assert curve["epoch"].tolist() == [1, 2, 3]
    assert curve["loss"].tolist() == [3.0, 2.0, 1.0]
    assert curve["val_loss"].tolist() == [2.0, 1.0, 1.5]
    assert curve["learning_rate"].tolist() == [0.5, 0.5, 0.25]
    assert curve["learning_rate"].dtype == np.float32
    assert curve["kept"].tolist() == [int(epoch == kept) for epoch in (1, 2, 3)]
    assert kept_epoch(curve) == kept


def test_the_first_of_equally_good_epochs_is_kept():
    equal = [Epoch(1.0, 1.0, 0.5)] * 2

    assert kept_epoch(learning_curve(equal, keep_best=True)) == 1
