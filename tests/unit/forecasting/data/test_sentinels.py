import numpy as np
import pandas as pd
import pytest

from forecasting.data.sentinels import Sentinel, find_sentinels, sentinel_warnings
from tests.unit.forecasting.data.test_simulation import station

RNG = np.random.default_rng(5)
WIND = [3.0, 3.3, 3.6, 3.9, 4.2] * 12  # 60 rows
NOISE = np.round(RNG.normal(10, 2, 300), 1)


def found(*parts):
    return [sentinel.value for sentinel in find_sentinels(np.concatenate(parts, dtype=np.float64))]


def test_a_code_for_missing_is_found_with_its_rows_and_the_range_of_the_others():
    assert find_sentinels(np.array([*WIND, -9999, -9999, -9999])) == [Sentinel(-9999, 3, 3, 4.2)]


def test_the_warning_says_where_it_is_and_how_to_leave_it_out():
    table = pd.DataFrame(
        {"a": np.arange(63.0), "wind": [*WIND[:40], -9999, *WIND[40:], -9999, -9999]}
    )
    before = table.copy()

    assert sentinel_warnings(table) == [
        "Column 'wind' holds -9999 in 3 rows (the first is row 41), far from all other values (3 to "
        "4.2). It is read as a number; if it stands for missing values, set "
        "ingest.missing_values: [-9999] and ingest.gaps."
    ]
    assert table.equals(before)


@pytest.mark.parametrize(
    "code",
    [-99, -99.9, -999, -999.9, -9999, -7777, -8888, 9999, 99999, 1e20, -1e30, 9.96921e36, -32768, 32767,
     65535, 2147483647, float(np.float32(-99.9)), float(np.float32(9.96921e36))],
)  # fmt: skip
def test_the_usual_codes_are_found_when_they_stand_twice(code):
    assert found(WIND, [code] * 2) == [code]
    assert found(WIND, [code]) == []


@pytest.mark.parametrize(
    ("codes", "others"),
    [
        ([-999], np.arange(0, 1101, 5)),  # solar radiation: the code is nearer than the span
        ([-9999, -999], NOISE),
        ([-9999, 9999, 1e20], NOISE),
        ([-1000], NOISE),  # not a usual code, but far outside
        ([500], NOISE),
        ([-9999], [0.0, 1.0]),
        ([-9999], [5.0]),
    ],
)
def test_a_code_is_found_beside_many_kinds_of_values(codes, others):
    repeated = np.repeat(others, 3 if len(others) < 50 else 1)
    assert found(np.repeat(codes, 3), repeated) == codes


@pytest.mark.parametrize(
    "values",
    [
        np.where(RNG.random(500) < 0.9, 0, np.round(RNG.exponential(5, 500) + 200, 1)),
        np.maximum(0, np.round(900 * np.sin(np.arange(500) * 2 * np.pi / 24))),
        np.minimum(100, np.round(RNG.normal(95, 10, 500))),
        np.arange(9_990.0, 10_100),
        np.repeat(np.arange(0.0, 1000, 10), 5),
        np.r_[[4.0] * 200, 1000 + RNG.normal(0, 3, 800)],
        np.r_[[0.0] * 20, 1000 + RNG.normal(0, 3, 800)],
        np.repeat([0.0, 100.0], 50),
        np.repeat([799.0, 849.0, 899.0, 999.0], 50),
        np.repeat([39.99, 49.99, 99.99], 50),
        RNG.zipf(1.5, 2000).astype(float),
        RNG.poisson(0.01, 2000).astype(float),
        np.round(RNG.standard_cauchy(2000), 1),
        np.round(np.exp(RNG.normal(0, 2, 2000)), 1),
        np.round(RNG.normal(-95, 3, 500)),
        RNG.integers(0, 1000, 5000).astype(float),
        np.array([1.7e308, -1.7e308, 0.0] * 3),
        np.array([np.nan, np.inf, -np.inf, 1.0]),
        np.array([]),
        np.full(9, -9999.0),
    ],
    ids=["rain", "sun", "saturated", "counter", "constant steps", "two levels", "off and on", "on or off",
         "prices", "shop prices", "heavy tail of integers", "rare counts", "Cauchy", "log-normal",
         "around -99", "integers", "the largest numbers", "not finite", "nothing", "constant"],
)  # fmt: skip
def test_what_a_column_may_well_have_is_not_suspected(values):
    assert find_sentinels(values) == []


def test_a_single_outlier_is_left_to_the_person():
    assert found(NOISE, [-1000.0]) == []
    assert found(NOISE, [-1000.0] * 2) == []


def test_a_level_held_by_a_tenth_of_the_rows_is_a_state():
    assert found(NOISE, [-1000.0] * 33) == [-1000]  # 33 of 333
    assert found(NOISE, [-1000.0] * 34) == []


def test_the_public_table_gives_no_warning(etth1):
    assert sentinel_warnings(pd.read_csv(etth1).drop(columns="date")) == []


def test_the_demo_table_gives_no_warning():
    assert sentinel_warnings(station(n_rows=4320).drop(columns="date")) == []
