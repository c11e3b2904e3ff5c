import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting.data.encoding import (
    Statics,
    check_categories,
    check_inputs,
    encoded_rows,
    encoded_statics,
    find_inputs,
)
from forecasting.data.input_scaling import fit_input_scaling
from forecasting.data.roles import Covariates, ModelInputs
from forecasting.data.windows import panel_windows
from foundation.errors import DataError
from tests.support.panels import panel

# Two series of six days: sales, sky (clear, rain), price; city and park
SERIES = dataclasses.replace(
    panel(
        ("2024-01-01", [[n, n % 2, 10 + n] for n in range(6)]),
        ("2024-01-01", [[10 * n, 1, 20 + n] for n in range(6)]),
        columns=("sales", "sky", "price"),
    ),
    covariates=Covariates(
        past=("sky",), future=("price",), static=("kind",), calendar=("weekday",)
    ),
    labels={"sky": ("clear", "rain"), "kind": ("city", "park")},
    statics=np.array([[0.0], [1.0]]),
)
NAMES = ["sales", "sky=clear", "sky=rain", "price", "weekday_sin", "weekday_cos"]


def split(parts):
    """Windows of two rows read and one predicted, four per series, with a part each."""
    windows = panel_windows(SERIES.offsets, lookback=2, horizon=1, stride=1)
    return windows.assign(part=parts)


HALF = split(["train", "train", "validation", "test"] * 2)


def changed(name, row, value):
    values = SERIES.values.copy()
    values[row, SERIES.columns.index(name)] = value
    return dataclasses.replace(SERIES, values=values)


def test_rows_are_targets_categories_numbers_and_calendar_in_the_order_of_their_names():
    inputs = find_inputs(SERIES, HALF)
    rows = encoded_rows(SERIES, inputs)
    columns = inputs.columns()

    assert columns["window"] + columns["past"] == NAMES
    assert rows.shape == (12, 6)
    assert rows[1, :4].tolist() == [1, 0, 1, 11]
    assert rows[6, :4].tolist() == [0, 0, 1, 20]
    assert rows[0, 4:].tolist() == rows[6, 4:].tolist() == [0, 1]  # both Mondays
    assert encoded_statics(SERIES, inputs).values.tolist() == [[1, 0], [0, 1]]
    assert encoded_statics(SERIES, inputs).codes.tolist() == [0] * 6 + [1] * 6


def test_a_missing_category_is_read_as_the_one_before_and_a_missing_number_stays_missing():
    given = changed("sky", 2, np.nan)
    given.values[3, 2] = np.nan
    rows = encoded_rows(given, find_inputs(given, HALF))

    assert rows[2, 1:3].tolist() == [0, 1]  # as in row 1
    assert np.isnan(rows[3, 3])


def test_series_without_covariates_are_read_as_they_are():
    plain = SERIES.only_targets()
    inputs = find_inputs(plain, HALF)

    assert inputs == ModelInputs(("sales",))
    assert encoded_rows(plain, inputs) is plain.values
    assert encoded_statics(plain, inputs) is None


def test_categories_are_those_that_training_windows_read_or_predict():
    first = split(["train", "train", "unused", "unused"] + ["unused"] * 4)
    no_rain = changed("sky", slice(0, 4), 0)

    assert find_inputs(SERIES, HALF).categories == {
        "sky": ("clear", "rain"),
        "kind": ("city", "park"),
    }
    assert find_inputs(no_rain, first).categories == {"sky": ("clear",), "kind": ("city",)}


def test_a_category_that_only_a_later_window_reads_is_named_with_time_and_series():
    with pytest.raises(
        DataError,
        match=r"^Column 'sky' \(ingest\.past_covariates\) of series 'a' at 2024-01-05 00:00:00 is 'clear', a "
        r"category that no training window reads \(known: 'rain'\)\. .* out of ingest\.past_covariates\.$",
    ):  # fmt: skip
        find_inputs(changed("sky", slice(0, 4), 1), HALF)


def test_what_no_window_reads_may_have_any_category():
    last = changed("sky", slice(0, 5), 1)  # row 5 alone is clear, and predicted

    assert find_inputs(last, HALF).categories["sky"] == ("rain",)


def test_a_static_category_that_no_trained_series_has_is_named():
    parts = ["train", "train", "validation", "test", "unused", "unused", "validation", "test"]

    with pytest.raises(
        DataError, match=r"'kind' \(ingest\.static_covariates\) of series 'b' is 'park'"
    ):
        find_inputs(SERIES, split(parts))


def test_inputs_of_another_split_are_a_leak():
    stored = find_inputs(SERIES, HALF)
    check_inputs(stored, SERIES, HALF)

    with pytest.raises(DataError, match=r"^Leak: .*sky=clear"):
        check_inputs(dataclasses.replace(stored, categories={"sky": ("rain",)}), SERIES, HALF)


def test_numbers_are_scaled_by_training_rows_and_categories_and_calendar_are_not():
    inputs = find_inputs(SERIES, HALF)
    rows, statics = encoded_rows(SERIES, inputs), encoded_statics(SERIES, inputs)
    found = fit_input_scaling(rows, statics, inputs=inputs, split=HALF, method="minmax")

    # training reads rows 0 to 3 of both series: sales 0 to 30, prices 10 to 23
    assert (found.window.center.tolist(), found.window.scale.tolist()) == ([0], [30])
    past, future, static = (found.covariates[name] for name in ("past", "future", "static"))
    assert past.center.tolist() == [0, 0, 10, 0, 0]
    assert past.scale.tolist() == [1, 1, 13, 1, 1]
    assert (future.center.tolist(), future.scale.tolist()) == ([10, 0, 0], [13, 1, 1])
    assert (static.center.tolist(), static.scale.tolist()) == ([0, 0], [1, 1])


def test_a_constant_covariate_is_named_with_its_parameter():
    given = changed("price", slice(None), 3)
    inputs = find_inputs(given, HALF)

    with pytest.raises(
        DataError, match=r"'price' cannot be scaled: .*out of ingest\.future_covariates"
    ):
        fit_input_scaling(
            encoded_rows(given, inputs), None, inputs=inputs, split=HALF, method="standard"
        )


def test_a_static_covariate_that_trained_series_share_is_named_with_its_parameter():
    inputs = ModelInputs(("sales",), Covariates(static=("size",)))
    statics = Statics(np.array([[60.0], [60.0]]), SERIES.codes)

    with pytest.raises(
        DataError,
        match=r"'size' cannot be scaled: over the 2 training series it spans 60\.0 to 60\.0\. "
        r"Leave it out of ingest\.static_covariates, or give more series\.$",
    ):
        fit_input_scaling(
            SERIES.values[:, :1], statics, inputs=inputs, split=HALF, method="standard"
        )


def test_the_scaling_of_targets_alone_is_that_of_their_training_rows():
    plain = SERIES.only_targets()
    inputs = find_inputs(plain, HALF)
    found = fit_input_scaling(plain.values, None, inputs=inputs, split=HALF, method="standard")

    assert found.window.center.tolist() == [pd.Series([0, 1, 2, 3, 0, 10, 20, 30]).mean()]
    assert not found.covariates


# Seven days, a plan known ahead: only the last day has a new one
PLANNED = dataclasses.replace(
    panel(("2024-01-01", [[n, n == 6] for n in range(7)]), columns=("sales", "plan")),
    covariates=Covariates(future=("plan",)),
    labels={"plan": ("open", "shut")},
)
OPEN_ALONE = ModelInputs(("sales",), PLANNED.covariates, {"plan": ("open",)})


def windows_at(*starts):
    windows = panel_windows(PLANNED.offsets, lookback=2, horizon=1, stride=1)
    return windows.iloc[list(starts)]


def test_a_category_is_looked_for_as_many_steps_ahead_as_are_forecast():
    check_categories(PLANNED, OPEN_ALONE, windows_at(0, 3))  # they predict the third and sixth day
    check_categories(PLANNED, OPEN_ALONE, windows_at(0), n_ahead=4)  # up to the sixth
    with pytest.raises(DataError, match=r"^Column 'plan' .* at 2024-01-07 00:00:00 is 'shut'"):
        check_categories(PLANNED, OPEN_ALONE, windows_at(0), n_ahead=5)


def test_steps_after_the_end_of_a_series_have_no_category():
    with pytest.raises(DataError, match="'shut'"):
        check_categories(PLANNED, OPEN_ALONE, windows_at(4), n_ahead=9)
    check_categories(PLANNED.take(np.arange(7) < 6), OPEN_ALONE, windows_at(3), n_ahead=9)
