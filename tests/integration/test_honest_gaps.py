"""The chain on tables with missing values: no score may be better than what can be known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_chain

CHRONOLOGICAL = (
    "split.method=chronological", "ingest.gaps=interpolate", "ingest.max_gap=20",
    "ingest.frequency=h", "ingest.time=time", "train.epochs=25",
)  # fmt: skip
Chain = Callable[..., dict[str, Any]]


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A function that runs every stage on a table, and returns the scores."""
    monkeypatch.setenv(NO_CHECKPOINTS, "1")

    def run(table: bytes, *overrides: str) -> dict[str, Any]:
        return run_chain(tmp_path, table, *CHRONOLOGICAL, *overrides)

    return run


def hourly(values: np.ndarray, kept: np.ndarray) -> bytes:
    times = pd.date_range("2024-01-01", periods=len(values), freq="h")
    table = pd.DataFrame({"time": times, "flow": values})
    return table[kept].to_csv(index=False).encode()


def rmse(scores: dict[str, Any], name: str) -> float:
    return scores["scores"][name]["raw"]["overall"]["rmse"]


def assert_honest_on_noise(scores: dict[str, Any], *, noise: float) -> None:
    assert rmse(scores, "training_mean") == pytest.approx(noise, rel=0.07)
    for name in ("model", "ridge", "repeat_last", "seasonal_naive"):
        assert rmse(scores, name) > 0.98 * rmse(scores, "training_mean"), name
    for name in ("model", "ridge"):  # useful all the same
        assert rmse(scores, name) < noise * 4 / 3, name
    assert scores["leak"]["share"] == 0
    assert scores["gaps"]["filled_share"] == pytest.approx(0.5, abs=0.01)
    assert scores["gaps"]["left_out"] > 500
    assert f"{scores['gaps']['left_out']} windows are left out" in scores["gaps"]["sentence"]


def test_noise_of_which_every_second_hour_is_missing_cannot_be_forecast(chain: Chain):
    noise = np.random.default_rng(3).normal(100, 10, size=2400)

    assert_honest_on_noise(chain(hourly(noise, np.arange(2400) % 2 == 0)), noise=10)


def test_the_shared_case_of_noise_with_gaps_scores_no_better_than_its_noise(
    chain: Chain, cases: Path
):
    assert_honest_on_noise(chain((cases / "gaps.csv").read_bytes()), noise=10.5)


def test_a_process_is_forecast_no_better_where_a_third_of_it_is_missing(chain: Chain):
    rng = np.random.default_rng(1)
    values = np.zeros(1500)
    for row in range(1, len(values)):
        values[row] = 0.8 * values[row - 1] + rng.normal()  # no error can be below 1
    kept = rng.random(1500) > 0.3
    kept[[0, -1]] = True

    complete = chain(hourly(values, np.ones(1500, dtype=bool)))
    gapped = chain(hourly(values, kept))

    assert complete["gaps"] == {"filled_share": 0, "left_out": 0, "sentence": None}
    for name in ("model", "ridge"):
        assert rmse(complete, name) > 0.93
        assert rmse(gapped, name) > rmse(complete, name)
        assert rmse(gapped, name) < 1.67  # that of the mean


def test_monthly_data_get_a_season_that_fits_them(chain: Chain):
    times = pd.date_range("2021-01-01", periods=36, freq="MS")
    table = pd.DataFrame({"time": times, "sales": 100 + 10 * np.sin(np.arange(36) / 1.9)})

    scores = chain(
        table.to_csv(index=False).encode(),
        "ingest.frequency=infer", "windowing.lookback=12", "split.method=random", "train.epochs=2",
    )  # fmt: skip

    assert scores["season"] == {"rows": 12, "sentence": None}
    assert "seasonal_naive" in scores["scores"]


def test_a_score_that_skips_gaps_is_that_of_complete_windows(chain: Chain):
    rng = np.random.default_rng(1)
    values, kept = rng.normal(100, 10, size=2000), np.ones(2000, dtype=bool)
    kept[rng.choice(np.arange(100, 1990), 30, replace=False)] = False

    scores = chain(hourly(values, kept), "ingest.gaps=skip", "windowing.lookback=12")

    windows = scores["windows"]
    missing = np.convolve(~kept, np.ones(13), "valid") > 0  # of each window of 12 + 1 rows
    assert windows["left_out"] == missing.sum()
    assert rmse(scores, "model") > 0.95 * rmse(scores, "training_mean")
    assert "No window reads or predicts them" in scores["gaps"]["sentence"]


PANEL = ("ingest.id=place", "train.epochs=15")


def places(series: dict[str, np.ndarray], kept: dict[str, np.ndarray]) -> bytes:
    """A long table of hourly series."""
    tables = []
    for name, values in series.items():
        times = pd.date_range("2024-01-01", periods=len(values), freq="h")
        table = pd.DataFrame({"place": name, "time": times, "flow": values})
        tables.append(table[kept[name]])
    return pd.concat(tables).to_csv(index=False).encode()


def test_noise_with_gaps_cannot_be_forecast_from_other_series_of_a_panel(chain: Chain):
    rng = np.random.default_rng(5)
    series = {name: rng.normal(100, 10, size=1000) for name in "abc"}
    rows = np.arange(1000)  # what one place misses, another one shows
    kept = {name: rows % 2 == number % 2 for number, name in enumerate("abc")}

    assert_honest_on_noise(chain(places(series, kept), *PANEL), noise=10)


def test_noise_with_gaps_is_no_better_forecast_where_gaps_of_a_panel_are_skipped(chain: Chain):
    rng = np.random.default_rng(5)
    series = {name: rng.normal(100, 10, size=1000) for name in "abc"}
    kept = {name: rng.random(1000) > 0.03 for name in "abc"}

    scores = chain(
        places(series, kept), *PANEL, "ingest.gaps=skip", "windowing.lookback=8",
        "evaluate.season=8",
    )  # fmt: skip

    for name in ("model", "ridge", "repeat_last", "seasonal_naive"):
        assert rmse(scores, name) > 0.98 * rmse(scores, "training_mean"), name
    assert rmse(scores, "training_mean") == pytest.approx(10, rel=0.07)
    assert scores["leak"]["share"] == 0


def test_processes_of_a_panel_are_forecast_no_better_where_a_third_of_them_is_missing(chain: Chain):
    rng = np.random.default_rng(4)
    series = {name: np.zeros(800) for name in "ab"}
    for values in series.values():
        for row in range(1, len(values)):
            values[row] = 0.8 * values[row - 1] + rng.normal()  # no error can be below 1
    whole = {name: np.ones(800, dtype=bool) for name in "ab"}
    gapped = {name: (rng.random(800) > 0.3) | np.isin(np.arange(800), [0, 799]) for name in "ab"}

    complete = chain(places(series, whole), *PANEL)
    with_gaps = chain(places(series, gapped), *PANEL)

    for name in ("model", "ridge"):
        assert rmse(complete, name) > 0.93
        assert rmse(with_gaps, name) > rmse(complete, name)
