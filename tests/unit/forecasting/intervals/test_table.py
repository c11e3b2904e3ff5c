import numpy as np
import pandas as pd
import pytest

from forecasting.intervals.calibrate import Calibrated
from forecasting.intervals.coverage import CoverageSums
from forecasting.intervals.table import (
    coverage_by_level,
    coverage_sentence,
    coverage_table,
    empty_sentence,
    interval_table,
    is_scaled,
    levels_of,
    offsets_of,
    sort_intervals,
)

SHAPE = (2, 3, 2)  # levels, steps, targets
NUMBERS = np.arange(12.0).reshape(SHAPE)  # 6 of each level, 2 of each step


def calibrated(steps=slice(None), *, tried=10, counts=30, offsets=None):
    offsets = np.stack([-NUMBERS, NUMBERS], axis=1) if offsets is None else offsets
    sums = CoverageSums(np.full(SHAPE, tried), np.full(SHAPE, 8) * (tried > 0), NUMBERS * tried)
    return Calibrated(
        offsets[:, :, steps],
        np.broadcast_to(np.array([0.2, 0.1])[:, None, None], SHAPE)[:, steps],
        np.full(SHAPE[1:], counts)[steps],
        CoverageSums(sums.counts[:, steps], sums.inside[:, steps], sums.widths[:, steps]),
    )


def table(found=None, *, scaled=False, first_step=1):
    return interval_table(
        calibrated() if found is None else found,
        levels=[80, 90],
        targets=["load", "oil"],
        first_step=first_step,
        scaled=scaled,
    )


def test_there_is_a_row_for_each_target_step_and_level():
    found = table()

    assert len(found) == 12
    assert found.iloc[:4][["target", "step", "level", "upper"]].to_numpy().tolist() == [
        ["load", 1, 80, 0],
        ["load", 1, 90, 6],
        ["load", 2, 80, 2],
        ["load", 2, 90, 8],
    ]
    assert found.iloc[-1][["target", "step", "level", "lower"]].tolist() == ["oil", 3, 90, -11]
    assert set(found["outside"]) == {0.2, 0.1}
    assert set(found["unit"]) == {"value"}


def test_offsets_come_back_for_as_many_steps_as_are_wanted():
    offsets = offsets_of(table(), n_steps=2, targets=["load", "oil"])

    assert offsets.shape == (2, 2, 2, 2)
    assert offsets[:, 1].tolist() == NUMBERS[:, :2].tolist()
    assert offsets[:, 0].tolist() == (-NUMBERS[:, :2]).tolist()
    assert levels_of(table()) == [80, 90]


def test_steps_that_were_calibrated_apart_make_one_table():
    parts = [
        table(calibrated(slice(0, 2))),
        table(calibrated(slice(2, 3)), first_step=3),
    ]

    pd.testing.assert_frame_equal(sort_intervals(parts), table())


def test_the_table_says_in_which_unit_offsets_are():
    assert not is_scaled(table())
    assert is_scaled(table(scaled=True))


def test_without_levels_there_is_a_table_without_rows():
    none = np.empty((0, *SHAPE[1:]))
    found = interval_table(
        Calibrated(
            np.empty((0, 2, *SHAPE[1:])), none, np.zeros(SHAPE[1:]), CoverageSums(none, none, none)
        ),
        levels=[],
        targets=["load", "oil"],
        first_step=1,
        scaled=False,
    )

    assert len(found) == 0
    assert offsets_of(found, n_steps=3, targets=["load", "oil"]).shape == (0, 2, 3, 2)
    assert coverage_table(found) == []
    assert coverage_sentence(found, on_test=False) is None
    assert empty_sentence(found) is None


def test_levels_with_too_few_windows_are_named():
    offsets = np.stack([-NUMBERS, NUMBERS], axis=1)
    offsets[1, :, 2] = np.nan

    sentence = empty_sentence(table(calibrated(counts=12, offsets=offsets)))

    assert sentence == (
        "Intervals of 90 per cent are left empty at 1 of 3 steps: 90 per cent needs 19 windows for each "
        "step, and step 3 has 12. Give a longer table, or lower intervals.levels."
    )
    assert empty_sentence(table()) is None


def test_coverage_is_described_where_it_was_measured():
    assert coverage_by_level(table()) == {80: pytest.approx(0.8), 90: pytest.approx(0.8)}
    assert coverage_sentence(table(), on_test=False) == (
        "Intervals: of the values of the test windows lie 80.0% in those of 80 per cent, 80.0% in those "
        "of 90 per cent."
    )
    untried = table(calibrated(tried=0))
    assert "is not measured" in coverage_sentence(untried, on_test=True)
    assert coverage_by_level(untried) == {}


def test_the_report_shows_coverage_and_width_of_each_target_and_level():
    rows = coverage_table(table())

    assert [(row["target"], row["nominal"]) for row in rows] == [
        ("load", "80 %"), ("load", "90 %"), ("oil", "80 %"), ("oil", "90 %"),
    ]  # fmt: skip
    assert rows[3] == {
        "target": "oil",
        "nominal": "90 %",
        "all steps": "80.0%",
        "step 1": "80.0%",
        "step 2": "80.0%",
        "step 3": "80.0%",
        "mean width, first to last step": "7 to 11",
    }


def test_the_report_shows_where_no_interval_was_tried():
    found = table()
    found.loc[(found["step"] == 3) & (found["level"] == 90), "tried"] = 0

    rows = coverage_table(found)

    assert [row["step 3"] for row in rows] == ["80.0%", "none", "80.0%", "none"]
