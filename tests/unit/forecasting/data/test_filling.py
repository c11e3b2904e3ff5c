import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.data.filling import FilledSeries, Rescaled, earliest_rows, fill
from forecasting.data.scaling import fit_scaling
from forecasting.data.split import TRAIN, axis_of, borders_by_share, chronological_parts
from forecasting.data.windows import gather_targets, observed_targets, window_table
from forecasting.models.baselines import fit_baselines

NAN = np.nan


def read(values, *, rows, stop):
    """Read single rows of a series with one feature."""
    series = fill(np.array(values, dtype=float)[:, None])
    return series.read(np.array(rows), np.array(stop))[:, 0].tolist()


def test_a_missing_cell_lies_on_the_line_between_neighbours_that_the_window_knows():
    assert read([0, NAN, NAN, 9, 4], rows=[0, 1, 2, 3], stop=4) == [0, 3, 6, 9]


def test_a_missing_cell_repeats_the_last_value_where_the_next_one_lies_behind_the_window():
    assert read([0, NAN, NAN, 9, 4], rows=[0, 1, 2], stop=3) == [0, 0, 0]
    assert read([2, 5, NAN, NAN], rows=[1, 2, 3], stop=4) == [5, 5, 5]


def test_each_feature_has_its_own_gaps_and_each_window_its_own_end():
    series = fill(np.array([[0, 10], [NAN, 11], [2, NAN], [3, 13.0]]))

    windows = series.read(np.array([[0, 1], [1, 2]]), np.array([[2], [3]]))

    assert windows.tolist() == [[[0, 10], [0, 11]], [[1, 11], [2, 11]]]


def test_a_complete_series_is_not_copied():
    values = np.arange(6.0)[:, None]
    series = fill(values)

    assert series == FilledSeries(values, values)
    assert series.line is values


def test_numbers_too_far_apart_to_subtract_are_filled_all_the_same():
    assert read([1.7e308, NAN, -1.7e308], rows=[1], stop=3) == [0]


def test_observed_values_are_kept_to_the_last_bit():
    assert read([5e-324, NAN, 2], rows=[0], stop=1) == [5e-324]


def test_units_may_change_before_or_after_the_filling():
    series = fill(np.array([0, NAN, NAN, 9, NAN])[:, None]).map(lambda values: 2 * values + 1)

    assert series.line[:, 0].tolist() == [1, 7, 13, 19, 19]
    assert series.last[:, 0].tolist() == [1, 1, 1, 19, 19]


def test_the_earliest_row_that_a_cell_stands_on_is_its_observed_neighbour():
    missing = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=bool)

    assert earliest_rows(missing).tolist() == [0, 0, 0, 1, 4]


@st.composite
def gaps(draw):
    """Mark missing cells of 900 rows x 2 features, in runs of up to 6, none in the first row."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.floats(0.02, 0.6))
    longest = draw(st.integers(1, 6))
    missing = np.zeros((900, 2), dtype=bool)
    for column in range(2):
        row = 1
        while row < len(missing):
            run = int(rng.integers(1, longest + 1))
            if rng.random() < share:
                missing[row : row + run, column] = True
            row += run + 1  # so a gap never grows longer
    return missing


@settings(derandomize=True, deadline=None, max_examples=60, database=None)
@given(missing=gaps(), horizon=st.integers(1, 2))
def test_no_forecast_of_noise_is_better_than_the_noise_wherever_values_are_missing(
    missing, horizon
):
    noise = np.random.default_rng(0).normal(100, 10, size=(900, 2))
    values = np.where(missing, NAN, noise)
    windows = observed_targets(
        window_table(900, lookback=12, horizon=horizon, stride=1), ~missing.any(axis=1)
    )
    borders = borders_by_share(900, validation_size=0.2, test_size=0.3)
    axis = axis_of(pd.date_range("2024-01-01", periods=900, freq="h"))
    split = windows.assign(part=chronological_parts(windows, borders, gap=12, axis=axis))
    test = split[split["part"] == "test"]
    train = split[split["part"] == TRAIN]
    seen = np.zeros(900, dtype=bool)
    seen[: train["target_stop"].max()] = True
    scaling = fit_scaling(values, seen, method="standard", features=["a", "b"])

    actual = gather_targets(values, test)
    assert not np.isnan(actual).any()
    spread = np.square(actual - 100).mean()  # the error of who knows the mean
    baselines = fit_baselines(fill(values), split, scaling=scaling, seasons={}).forecast(test)
    for name in ("ridge", "repeat_last"):
        error = np.square(actual - baselines[name]).mean()
        # what a forecast adds to the noise is 2 cov + var; by chance alone cov is some per cent
        assert error > spread * (1 - 4 * 0.5 / np.sqrt(actual.size))
    assert error < 3 * spread  # repeating noise doubles it


@pytest.mark.parametrize("end", [3, 4, 5])
def test_nothing_at_or_behind_the_end_of_a_window_changes_what_it_reads(end):
    values = np.array([0, 1, NAN, NAN, 4, NAN, 6, 7])
    changed = values.copy()
    changed[end:] = [99, NAN, 77, 55, 33][: 8 - end]

    assert read(values, rows=range(end), stop=end) == read(changed, rows=range(end), stop=end)


def test_nothing_is_filled_from_the_next_series_or_the_one_before():
    values = np.array([1, NAN, 3, NAN, 50, NAN, NAN, 56, NAN])[:, None]
    series = fill(values, np.array([0, 4, 9]))

    first = series.read(np.arange(4), np.array([4]))[:, 0]
    second = series.read(np.arange(4, 9), np.array([9]))[:, 0]

    assert first.tolist() == [1, 2, 3, 3]
    assert second.tolist() == [50, 52, 54, 56, 56]
    assert series.read(np.array([3]), np.array([9])).tolist() == [[3]]  # whatever end is asked for


@pytest.mark.parametrize("stop", [5, 6, 7, 8, 9])
def test_a_series_reads_the_same_below_others_as_alone(stop):
    alone = np.array([5, NAN, NAN, 8, NAN, 10, NAN, NAN, 2])[:, None]
    others = np.array([100, NAN, NAN])[:, None]
    stacked = fill(np.concatenate([others, alone, others]), np.array([0, 3, 12, 15]))
    rows = np.arange(stop)

    np.testing.assert_array_equal(
        stacked.read(rows + 3, np.array([stop + 3])), fill(alone).read(rows, np.array([stop]))
    )


def test_a_rescaled_series_is_read_as_a_copy_in_other_units_is():
    series = fill(np.array([[1, 4], [NAN, 5], [3, NAN], [4, 8.0]]))
    rows, stops = np.array([[0, 1, 2], [1, 2, 3]]), np.array([[3], [4]])

    def change(values):
        return (values - [1, 4]) / [2, 5]

    read = Rescaled(series, change).read(rows, stops)

    assert read[0].tolist() == [[0, 0], [0.5, 0.2], [1, 0.2]]
    np.testing.assert_array_equal(read, series.map(change).read(rows, stops))
