"""Adaptive intervals of newer rows: what happened since the test enters them, in the order of time."""

import shutil
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.support.chain import run_forecast
from tests.support.covariates import SHOPS, csv, shops_table
from tests.support.hourly import HOURLY, run_without_checkpoints

ADAPTIVE = ("intervals.adaptive=true", "intervals.gamma=0.05")
LOOKBACK, STEPS = 6, 3


def hourly(n_rows: int) -> pd.DataFrame:
    """A load that jumps about more and more from hour 380 on."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=500) * np.where(np.arange(500) < 380, 1, 8)
    load = (50 + 10 * np.sin(2 * np.pi * np.arange(500) / 24) + noise).round(3)
    hours = pd.date_range("2024-03-01", periods=500, freq="h").strftime("%Y-%m-%d %H:%M")
    return pd.DataFrame({"hour": hours, "load": load})[:n_rows]


@pytest.fixture(scope="module")
def hours(tmp_path_factory) -> Path:
    """A folder in which every stage ran on the first 400 hours."""
    folder = tmp_path_factory.mktemp("hours")
    run_without_checkpoints(folder, hourly(400), *HOURLY, f"forecast.horizon={STEPS}", *ADAPTIVE)
    return folder


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> Path:
    """The same for three shops and the first 120 days."""
    folder = tmp_path_factory.mktemp("shops")
    run_without_checkpoints(folder, shops_table(), *SHOPS, *ADAPTIVE)
    return folder


def of_newer(made: Path, folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Forecast a newer table in a copy of the folder."""
    copy = Path(shutil.copytree(made, folder))
    run_forecast(copy, csv(table))
    return pd.read_csv(copy / "forecasts/forecast.csv", parse_dates=["ds"])


def forecasts_by_keras(folder: Path, values: np.ndarray) -> np.ndarray:
    """Forecast from every row, one step after the other fed back; shape (rows, steps)."""
    model = keras.saving.load_model(folder / "models/final.keras")
    rows = np.arange(LOOKBACK - 1, len(values))
    windows = values[rows[:, None] + np.arange(1 - LOOKBACK, 1)][..., None]
    while windows.shape[1] < LOOKBACK + STEPS:
        windows = np.concatenate([windows, model(windows[:, -LOOKBACK:]).numpy()], axis=1)
    found = np.full((len(values), STEPS), np.nan)
    found[rows] = windows[:, LOOKBACK : LOOKBACK + STEPS, 0]
    return found


def rank(n_errors: int, alpha: float) -> int:
    outside = Fraction(alpha).limit_denominator(10**9)
    return min(max(int((n_errors + 1) * outside / 2), 1), n_errors)


def replayed(
    errors: np.ndarray, calibrating: list[np.ndarray], cutoffs: set[int], level: int
) -> list[tuple[float, float]]:
    """Replay Gibbs and Candes' rule row by row; return the offsets of each step at the last row."""
    ordered = [np.sort(each) for each in calibrating]
    alphas = [1 - level / 100] * STEPS
    outside: dict[tuple[int, int], bool] = {}
    ends: list[tuple[float, float]] = []
    for row in range(len(errors)):
        for step in range(STEPS):
            if (row - step - 1, step) in outside:
                moved = alphas[step] + 0.05 * (1 - level / 100 - outside[row - step - 1, step])
                least = 1 / (len(ordered[step]) + 1)
                alphas[step] = min(max(moved, least), 1 - least)
        ends = []
        for step, known in enumerate(ordered):
            k = rank(len(known), alphas[step])
            ends.append((known[k - 1], known[-k]))
            if row in cutoffs and not np.isnan(errors[row, step]):
                low, high = ends[step]
                outside[row, step] = not low <= errors[row, step] <= high
    return ends


def test_outcomes_since_the_test_move_the_intervals_of_newer_rows(hours: Path, tmp_path: Path):
    found = of_newer(hours, tmp_path / "copy", hourly(450))
    split = pd.read_parquet(hours / "data/split.parquet")
    parts = {part: rows["input_stop"].to_numpy() - 1 for part, rows in split.groupby("part", observed=True)}  # fmt: skip
    values = hourly(450)["load"].to_numpy()
    predicted = forecasts_by_keras(hours, values)
    actual = np.stack([np.append(values[step:], [np.nan] * step) for step in (1, 2, 3)], axis=1)
    errors = actual - predicted
    test_from = parts["test"].min() + 1
    calibrating = []
    for step in range(STEPS):
        rows = parts["calibration"]
        calibrating.append(errors[rows[rows + step + 1 < test_from], step])
    errors[parts["calibration"]] = np.where(
        parts["calibration"][:, None] + np.arange(1, 4) < test_from, errors[parts["calibration"]], np.nan
    )  # fmt: skip
    cutoffs = {*parts["calibration"], *range(parts["test"].min(), 449)}
    for level in (80, 90):
        ends = replayed(errors, calibrating, cutoffs, level)
        bounds = found[[f"exactcast-lo-{level}", f"exactcast-hi-{level}"]].to_numpy()
        np.testing.assert_allclose(bounds, predicted[449][:, None] + ends, rtol=0, atol=1e-4)
    stored = pd.read_parquet(hours / "models/intervals.parquet")
    before = (stored["upper"] - stored["lower"]).to_numpy().reshape(STEPS, 2)
    now = np.stack(
        [found[f"exactcast-hi-{n}"] - found[f"exactcast-lo-{n}"] for n in (80, 90)], axis=1
    )
    assert (now > before).any()  # they have learned of the restless hours


def test_a_table_of_the_newest_rows_alone_gives_the_same_intervals(hours: Path, tmp_path: Path):
    split = pd.read_parquet(hours / "data/split.parquet")
    tested = split.loc[split["part"] == "test", "input_stop"].max()
    whole = of_newer(hours, tmp_path / "whole", hourly(450))
    tail = of_newer(hours, tmp_path / "tail", hourly(450)[tested - LOOKBACK :])
    pd.testing.assert_frame_equal(tail, whole)


def test_series_of_a_panel_share_what_happened_since(shops: Path, tmp_path: Path):
    grown = shops_table(days=140)
    whole = of_newer(shops, tmp_path / "whole", grown)
    tail = of_newer(shops, tmp_path / "tail", grown[grown["day"] >= "2024-05-10"])
    pd.testing.assert_frame_equal(tail, whole)
    assert whole.notna().all(axis=None)
    assert whole["ds"].min() == pd.Timestamp("2024-06-20")


def test_rows_that_the_model_knew_leave_the_stored_intervals_as_they_are(
    hours: Path, tmp_path: Path
):
    stored = pd.read_csv(hours / "forecasts/forecast.csv", parse_dates=["ds"])
    pd.testing.assert_frame_equal(of_newer(hours, tmp_path / "same", hourly(400)), stored)
