import numpy as np
import pytest
import tensorflow as tf

from forecasting.data.filling import FilledSeries, fill
from forecasting.training.reader import WindowReader, padded_batches, window_reader
from tests.unit.forecasting.training.test_fit import network

ROWS = np.arange(40, dtype=np.float32).reshape(20, 2)  # row r holds 2r and 2r + 1


def reader(series: FilledSeries) -> WindowReader:
    return window_reader(series, network(lookback=3, features=2, horizon=2))


def test_a_window_reads_its_rows_and_forecasts_the_ones_right_after():
    found = reader(fill(ROWS))
    starts = tf.constant([4, 0])

    assert found.inputs(starts).numpy().tolist() == [
        [[8, 9], [10, 11], [12, 13]],
        [[0, 1], [2, 3], [4, 5]],
    ]
    assert found.targets(starts).numpy().tolist() == [[[14, 15], [16, 17]], [[6, 7], [8, 9]]]


def test_a_missing_cell_lies_on_a_line_only_once_the_value_after_it_is_known():
    values = ROWS.copy()
    values[6, 0] = np.nan  # between 10 and 14
    found = reader(fill(values)).inputs(tf.constant([4, 5]))

    assert found[:, :, 0].numpy().tolist() == [[8, 10, 10], [10, 12, 14]]


@pytest.mark.parametrize("missing", [False, True])
def test_a_compiled_function_takes_the_reader_as_an_argument_and_serves_another_series(missing):
    values = ROWS.copy()
    if missing:
        values[6, 0] = np.nan
    traced = []

    @tf.function(jit_compile=True)
    def read(reader: WindowReader, starts: tf.Tensor) -> tf.Tensor:
        traced.append(reader)
        return reader.inputs(starts)

    starts = tf.constant([9])
    assert read(reader(fill(values)), starts)[0, :, 0].numpy().tolist() == [18, 20, 22]
    assert read(reader(fill(values + 100)), starts)[0, :, 0].numpy().tolist() == [118, 120, 122]
    assert len(traced) == 1


def test_the_last_batch_is_padded_with_windows_that_weigh_nothing():
    starts, weights = padded_batches(np.array([7, 8, 9]), 2)

    assert starts.numpy().tolist() == [[7, 8], [9, 0]]
    assert weights.numpy().tolist() == [[1, 1], [1, 0]]
    assert (starts.dtype, weights.dtype) == (tf.int32, tf.float32)
