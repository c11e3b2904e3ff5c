"""Many series: one step for all, gaps and ends of each."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting.data.gaps import missing_sentence, trimmed_sentences
from forecasting.data.regularity import regular_panel
from foundation.errors import DataError
from tests.support.panels import panel, without

NAN = np.nan


def regular(given, *, frequency="infer", gaps="error", max_gap=3):
    return regular_panel(given, frequency=frequency, gaps=gaps, max_gap=max_gap)


def values(given):
    return given.values[:, 0].tolist()


def moved(given, row, time):
    """Give a row another time."""
    times = given.times.to_numpy().copy()
    times[row] = np.datetime64(time)
    return dataclasses.replace(given, times=pd.DatetimeIndex(times, name="time"))


TWO = panel(("2024-01-01", [1, 2, 3, 4]), ("2024-01-03", [5, 6, 7, 8, 9]))


def test_series_of_different_lengths_and_starts_are_kept_as_they_are():
    assert regular(TWO) is TWO


def test_a_missing_row_is_added_to_its_series_alone():
    found = regular(without(TWO, [1, 6]), gaps="interpolate")

    np.testing.assert_array_equal(values(found), [1, NAN, 3, 4, 5, 6, NAN, 8, 9])
    assert found.offsets.tolist() == [0, 4, 9]
    assert found.times.equals(TWO.times)
    assert found.times.name == "time"


@pytest.mark.parametrize("step", ["h", "15min", "W-MON", "MS", "B", "QS"])
def test_missing_rows_are_added_in_every_kind_of_step(step):
    full = panel(("2024-01-01", range(20)), ("2024-04-01", range(20, 50)), step=step)

    found = regular(without(full, [4, 5, 30]), frequency=step, gaps="interpolate")

    assert found.times.equals(full.times)
    assert np.flatnonzero(np.isnan(values(found))).tolist() == [4, 5, 30]


def test_the_step_of_months_is_inferred_from_all_series_together():
    full = panel(("2024-01-01", range(8)), ("2024-03-01", range(8, 16)), step="MS")

    found = regular(without(full, [3, 12]), gaps="interpolate")  # neither series alone shows it

    assert found.times.equals(full.times)


def test_series_that_lie_between_each_others_steps_have_one_step():
    hours = panel(("2024-01-01 00:00", range(6)), ("2024-01-01 00:30", range(6, 12)), step="h")

    found = regular(without(hours, [2]), gaps="interpolate")

    assert found.times.equals(hours.times)
    assert len(found.values) == 12


def test_months_that_begin_at_different_times_of_day_have_one_step():
    first = panel(("2024-01-01 00:00", range(6)), ("2024-02-01 07:30", range(6, 12)), step="MS")

    found = regular(without(first, [2, 9]), frequency="MS", gaps="interpolate")

    assert found.times.equals(first.times)


def test_a_row_off_the_grid_names_its_series():
    wrong = moved(TWO, 6, "2024-01-05T12:00")

    with pytest.raises(DataError) as error:
        regular(wrong, gaps="interpolate")
    assert str(error.value).startswith(
        "Series 'b' is not evenly spaced: with a step of 24h, row 7 is 2024-01-05 12:00:00, after "
        "2024-01-04 00:00:00; off the grid lie 1 of 5 rows."
    )


def test_a_missing_row_names_its_series_where_gaps_are_errors():
    with pytest.raises(
        DataError,
        match=r"Series 'b' has gaps: 2024-01-04 00:00:00 is followed by "
        r"2024-01-06 00:00:00, expected 2024-01-05 00:00:00 \(step 24h; missing rows in all: 1",
    ):
        regular(without(TWO, [6]))  # fmt: skip


def test_a_series_of_another_step_is_named_though_gaps_are_filled():
    daily = panel(("2024-01-01", range(20)), ("2024-01-01", range(20)))

    with pytest.raises(
        DataError, match=r"Series 'b' has a row every 2 steps .* step of 24h that most"
    ):
        regular(without(daily, range(21, 40, 2)), gaps="interpolate")
    sparse = regular(without(daily, range(21, 40, 2)), gaps="interpolate", frequency="D")
    assert np.isnan(values(sparse)).sum() == 9


def test_a_doubled_time_names_its_series_and_the_rows_of_the_table():
    shuffled = dataclasses.replace(
        moved(TWO, 5, "2024-01-03"), raw_rows=np.array([8, 7, 6, 5, 4, 3, 2, 1, 0])
    )

    with pytest.raises(DataError) as error:
        regular(shuffled)
    assert str(error.value) == (
        "The time 2024-01-03 00:00:00 of series 'b' stands twice, in rows 5 and 4 (doubled times in "
        "all: 1). If another column tells series apart too, add it to ingest.id; else correct the times."
    )


def test_the_start_of_a_series_may_lie_before_the_end_of_the_one_before():
    with pytest.raises(DataError, match=r"The times of series 'b' are not sorted: row 7 "):
        regular(moved(TWO, 6, "2024-01-01"))


def test_an_infinite_value_names_its_series():
    with pytest.raises(DataError, match=r"Feature 'a' of series 'b' is infinite in row 6 "):
        regular(panel(("2024-01-01", [1, 2, 3, 4]), ("2024-01-03", [5, np.inf, 7])))


def test_a_missing_value_names_its_series():
    with pytest.raises(DataError, match=r"Feature 'a' of series 'b' has no value in row 6 "):
        regular(panel(("2024-01-01", [1, 2, 3, 4]), ("2024-01-03", [5, NAN, 7])))


def test_a_series_full_of_gaps_is_refused_before_memory_runs_out():
    far = panel(("2024-01-01", [1, 2, 3, 4]), ("2024-01-01", [5, 6]))

    with pytest.raises(DataError, match=r"Series 'b' is almost all gaps: .*about 2\.91e\+06 rows"):
        regular(moved(far, 5, "9999-01-01"), gaps="skip")


def test_a_feature_may_be_constant_in_a_series_but_not_in_all():
    assert regular(panel(("2024-01-01", [1, 1, 1]), ("2024-01-01", [2, 2, 2]))).names == ("a", "b")
    with pytest.raises(DataError, match="Feature 'a' is constant: every row is 1"):
        regular(panel(("2024-01-01", [1, 1, 1]), ("2024-01-01", [1, 1, 1])))


def test_a_long_gap_names_its_series_and_does_not_reach_into_the_next():
    ends = panel(("2024-01-01", [1, 2, NAN, NAN, 3]), ("2024-01-01", [4, NAN, NAN, 5]))

    with pytest.raises(DataError, match=r"'a' of series 'a' has a gap from 2024-01-03 .*steps: 2"):
        regular(ends, gaps="interpolate", max_gap=1)
    assert regular(ends, gaps="interpolate", max_gap=2) is not None
    assert len(regular(ends, gaps="skip", max_gap=1).values) == 9


TRIMMED = panel(
    ("2024-01-01", [[NAN, NAN], [NAN, 1], [2, 2], [3, 3], [NAN, NAN]]),
    ("2024-01-01", [[5, 5], [6, 6], [7, NAN]]),
    ("2024-01-01", [[5, NAN], [6, NAN], [7, NAN]]),
    columns=("a", "b"),
)


@pytest.mark.parametrize("gaps", ["interpolate", "skip"])
def test_ends_are_trimmed_for_each_series_and_one_without_a_feature_is_left_out(gaps):
    found = regular(TRIMMED, gaps=gaps)

    assert found.names == ("a", "b")
    np.testing.assert_array_equal(found.values, [[2, 2], [3, 3], [5, 5], [6, 6], [7, NAN]])
    assert found.offsets.tolist() == [0, 2, 5]
    assert trimmed_sentences(TRIMMED, found) == [
        "1 series ('c') left out: not every feature ever has a value",
        "1 series ('a') without their first rows: not every feature has a value there",
        "1 series ('a') without their last rows: no target is observed there",
    ]


def test_no_series_begins_with_a_missing_value_though_all_its_features_have_begun():
    given = panel(
        ("2024-01-01", [[1, 9], [2, 8]]),
        ("2024-01-01", [[NAN, 3], [4, NAN], [5, 6], [7, NAN]]),
        columns=("a", "b"),
    )

    found = regular(given, gaps="interpolate")
    skipped = regular(given, gaps="skip")

    np.testing.assert_array_equal(found.values, [[1, 9], [2, 8], [4, 3], [5, 6], [7, NAN]])
    np.testing.assert_array_equal(skipped.values, [[1, 9], [2, 8], [5, 6], [7, NAN]])
    assert trimmed_sentences(given, skipped) == [
        "1 series ('b') without their first rows: not every feature has a value there"
    ]


def test_columns_that_are_never_observed_in_the_same_row_are_a_series_to_interpolate():
    by_turns = [[n, NAN] if n % 2 else [NAN, n] for n in range(1, 7)]
    given = panel(("2024-01-01", by_turns), columns=("a", "b"))

    found = regular(given, gaps="interpolate")

    np.testing.assert_array_equal(found.values, [[1, 2], [3, NAN], [NAN, 4], [5, NAN], [NAN, 6]])
    with pytest.raises(DataError, match="No series has a value in every column"):
        regular(given, gaps="skip")


def test_nothing_is_said_of_series_that_are_kept_whole():
    assert trimmed_sentences(TWO, regular(TWO)) == []


def test_series_none_of_which_has_all_features_are_refused():
    with pytest.raises(
        DataError, match="No series has a value in every column at or before its last target"
    ):
        regular(
            panel(("2024-01-01", [[1, NAN], [2, NAN]]), ("2024-01-01", [[NAN, 3], [NAN, 4]]),
                  columns=("a", "b")),
            gaps="skip", frequency="D",
        )  # fmt: skip


def test_the_run_says_what_is_done_about_missing_values():
    assert missing_sentence(0.125, gaps="skip").endswith("missing, and left out with their windows")
    assert missing_sentence(0.125, gaps="interpolate").startswith(
        "12.5 % of the values are missing"
    )


def test_the_next_row_is_the_next_step_of_its_series_where_rows_are_steps():
    uneven = without(TWO, [1, 6])

    assert regular(uneven, frequency="rows") is uneven
