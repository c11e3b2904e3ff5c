"""The honest split: the past trains, the future tests, and the assertion that it is so can fire."""

import numpy as np
import pandas as pd
import pytest

from forecasting.data.split import (
    Borders,
    axis_of,
    borders_by_date,
    borders_by_share,
    check_chronological,
    chronological_parts,
    gap_rows,
    monitored_part,
    training_rows,
)
from forecasting.data.windows import window_table
from forecasting.evaluation.leakage import leaked_share
from foundation.errors import DataError


def rows(n_rows):
    return axis_of(pd.date_range("2024-01-01", periods=n_rows, freq="h"))


def split_of(n_rows, borders, *, lookback, horizon, gap):
    windows = window_table(n_rows, lookback=lookback, horizon=horizon, stride=1)
    return windows.assign(part=chronological_parts(windows, borders, gap=gap, axis=rows(n_rows)))


def test_a_window_belongs_to_the_part_that_holds_all_its_targets():
    split = split_of(12, Borders(6, 9, 12), lookback=2, horizon=2, gap=0)

    assert split["target_start"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert split["part"].tolist() == [
        "train", "train", "train",  # targets 2-3, 3-4, 4-5
        "unused",  # 5-6 lies across
        "validation", "validation",  # 6-7, 7-8
        "unused",
        "test", "test",  # 9-10, 10-11
    ]  # fmt: skip
    assert training_rows(split, n_rows=12).tolist() == [True] * 6 + [False] * 6
    assert leaked_share(split, earliest=np.arange(12)) == 0


def test_with_a_gap_of_a_lookback_no_target_of_one_part_is_read_by_another():
    split = split_of(40, Borders(16, 28, 40), lookback=3, horizon=2, gap=3)
    rows = {
        part: {
            "reads": set().union(*(range(w.input_start, w.input_stop) for w in windows.itertuples())),
            "predicts": set().union(*(range(w.target_start, w.target_stop) for w in windows.itertuples())),
        }
        for part, windows in split[split["part"] != "unused"].groupby("part", observed=True)
    }  # fmt: skip
    for part, other in [(p, q) for p in rows for q in rows if p != q]:
        assert not rows[part]["predicts"] & (rows[other]["reads"] | rows[other]["predicts"])
    assert max(rows["train"]["predicts"]) == 12  # 16 is the first validated row, 13 to 15 the gap
    assert min(rows["validation"]["predicts"]) == 16


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_border_moved_by_one_row_fires_the_assertion(part):
    split = split_of(40, Borders(16, 28, 40), lookback=3, horizon=2, gap=3)
    check_chronological(split, gap=3, axis=rows(40))

    first = split.index[split["part"] == part][0]
    moved = split.copy()
    moved.loc[first - 1, "part"] = part  # the part begins one row early
    with pytest.raises(DataError, match=rf"Leak: the \w+ part .* the {part} part is scored"):
        check_chronological(moved, gap=3, axis=rows(40))

    last = split.index[split["part"] == "train"][-1]
    moved = split.copy()
    moved.loc[last + 1, "part"] = "train"  # training ends one row late
    with pytest.raises(
        DataError, match=r"Leak: the train part reaches to row 14, and the validation"
    ):
        check_chronological(moved, gap=3, axis=rows(40))


def test_shares_are_of_the_rows_and_rounded_up():
    assert borders_by_share(101, validation_size=0.1, test_size=0.2) == Borders(69, 80, 101)


def test_dates_name_the_first_time_that_a_part_predicts():
    times = pd.date_range("2024-01-01", periods=100, freq="h")
    by_date = borders_by_date(
        times, validation_from="2024-01-02", test_from="2024-01-03T12:00", test_until=None
    )
    assert by_date == Borders(24, 60, 100)
    until = borders_by_date(
        times, validation_from="2024-01-02", test_from="2024-01-03", test_until="2024-01-04"
    )
    assert until == Borders(24, 48, 72)


@pytest.mark.parametrize(
    ("borders", "part"),
    [(Borders(3, 20, 40), "train"), (Borders(16, 17, 40), "validation"), (Borders(16, 39, 40), "test")],
)  # fmt: skip
def test_a_part_that_would_be_empty_is_named(borders, part):
    with pytest.raises(DataError, match=rf"leaves the {part} part empty: .*split.gap"):
        split_of(40, borders, lookback=3, horizon=2, gap=3)


def test_the_gap_is_a_lookback_or_a_number():
    windows = window_table(20, lookback=7, horizon=1, stride=1)
    assert gap_rows("lookback", windows) == 7
    assert gap_rows(0, windows) == 0


def test_training_watches_validation_where_there_is_one():
    split = split_of(40, Borders(16, 28, 40), lookback=3, horizon=2, gap=3)
    assert monitored_part(split) == "validation"
    without = split.assign(part=np.where(split["part"] == "test", "test", "train"))
    assert monitored_part(without) == "test"
