import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.data.encoding import Statics
from forecasting.data.filling import FilledSeries, fill
from forecasting.models.build import build_network
from forecasting.training.reader import WindowReader, padded_batches, window_reader
from tests.support.training import network

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


def covariate_reader(values: np.ndarray) -> WindowReader:
    """One target, one past covariate, two known ahead; three rows read, two predicted."""
    model = build_network(
        lookback=3, n_features=1, horizon=2, layers=[{"units": 2}], seed=1, normalise="none",
        n_past=3, n_future=2, n_static=1,
    )  # fmt: skip
    codes = np.repeat(np.arange(2, dtype=np.int32), 10)
    statics = Statics(np.array([[7.0], [8.0]], dtype=np.float32), codes)
    return window_reader(fill(values.astype(np.float32), np.array([0, 10, 20])), model, statics)


COLUMNS = np.arange(20)[:, None] + np.array([0, 100, 200, 300])  # row r: r, 100 + r, ...


def test_covariates_are_read_by_name_over_the_lookback_and_over_the_horizon():
    found = covariate_reader(COLUMNS)
    inputs = found.inputs(tf.constant([4, 12]))

    assert inputs["window"][0].numpy().tolist() == [[4], [5], [6]]
    assert inputs["past"][0].numpy().tolist() == [[104, 204, 304], [105, 205, 305], [106, 206, 306]]
    assert inputs["future"].numpy().tolist() == [
        [[207, 307], [208, 308]],
        [[215, 315], [216, 316]],
    ]
    assert inputs["static"].numpy().tolist() == [[7], [8]]
    assert found.targets(tf.constant([4])).numpy().tolist() == [[[7], [8]]]


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 19),
    column=st.integers(0, 3),
    missing=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=8),
    value=st.sampled_from([-1e6, 1e6, np.nan]),
)
def test_a_window_reads_no_target_and_no_past_covariate_from_its_end_on(
    row: int, column: int, missing: list[tuple[int, int]], value: float
):
    """Nor a covariate that is known ahead after its horizon, nor another series, filled or not."""
    values = COLUMNS.astype(float)
    for place in missing:
        values[place] = np.nan
    other = values.copy()
    other[row, column] = 1e6 if np.isnan(value) and row in (0, 10) else value
    starts = np.array([0, 2, 5, 10, 15], dtype=np.int32)
    stops = starts + (3 if column < 2 else 5)  # rows up to here may be read
    unread = (row >= stops) | (row // 10 != starts // 10)
    horizons = starts[:, None] + np.array([3, 4])
    unread &= ~np.isnan(values[horizons, 2:]).any(axis=(1, 2))  # others are not listed: known_ahead

    before, after = (covariate_reader(each).inputs(tf.constant(starts)) for each in (values, other))

    for name in before:
        np.testing.assert_array_equal(before[name].numpy()[unread], after[name].numpy()[unread])
