"""`evaluate.test: false`: the stages look at no value of the test part."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foundation.errors import ParamsError
from foundation.params import load_params
from pipeline.runs.overrides import apply_overrides
from stages.storage.checkpoints import NO_CHECKPOINTS
from stages.storage.predictions import PredictionTable
from tests.support.chain import run_chain
from tests.support.project import ROOT

UNLOOKED = (
    "split.method=chronological", "ingest.time=time", "train.epochs=2", "evaluate.test=false",
    "evaluate.season=24", "forecast.horizon=3",
)  # fmt: skip
ROWS = 700
TEST_FROM = 560  # the last fifth


@pytest.fixture(autouse=True)
def no_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NO_CHECKPOINTS, "1")


def table(values: np.ndarray) -> bytes:
    times = pd.date_range("2024-01-01", periods=len(values), freq="h")
    return pd.DataFrame({"time": times, "flow": values}).to_csv(index=False).encode()


def scores_of(folder: Path, values: np.ndarray, *overrides: str) -> dict[str, Any]:
    folder.mkdir()
    return run_chain(folder, table(values), *UNLOOKED, *overrides)


def test_other_values_in_the_test_part_change_no_score_and_no_forecast_is_made_of_it(tmp_path):
    values = np.sin(np.arange(ROWS) / 4) + np.random.default_rng(1).normal(0, 0.1, ROWS)
    others = values.copy()
    others[TEST_FROM:] = 1000 + np.arange(ROWS - TEST_FROM)
    scores = scores_of(tmp_path / "one", values)
    assert scores_of(tmp_path / "other", others) == scores
    assert scores["scored"] == {
        "part": "validation",
        "sentence": "Scored on the validation windows: no forecast of the test part was made or scored.",
    }
    assert scores["intervals"]["coverage"] == {}
    predictions = PredictionTable(tmp_path / "one/data/predictions.parquet")
    counts = {part: predictions.count(part) for part in ("validation", "calibration", "test")}
    assert counts["validation"] == scores["windows"]["validation"] > 0
    assert counts["calibration"] > 0 and counts["test"] == 0
    report = (tmp_path / "one/reports/report.html").read_text()
    assert "All validation windows and all steps count." in report
    assert "no forecast of the test part was made" in report


def test_a_split_without_blocks_for_calibration_leaves_the_intervals_empty(tmp_path):
    values = np.sin(np.arange(ROWS) / 4)
    scores = scores_of(tmp_path / "short", values, "split.validation_size=0.06")
    assert "calibration" not in scores["windows"]
    assert scores["intervals"]["coverage"] == {}
    assert "are left empty" in scores["intervals"]["sentence"]


def test_series_of_a_panel_need_no_test_windows_either(tmp_path):
    days = pd.date_range("2024-01-01", periods=200)
    shops = [pd.DataFrame({"shop": s, "time": days, "flow": np.arange(200) % 7}) for s in "ab"]
    raw = pd.concat(shops).to_csv(index=False).encode()
    season = "evaluate.season=7"
    scores = run_chain(tmp_path, raw, *UNLOOKED, season, "ingest.id=shop", "windowing.lookback=7")
    assert scores["scored"]["part"] == "validation"
    assert scores["windows"]["calibration"] > 0 and scores["intervals"]["coverage"] == {}
    assert scores["series"]["of"] == 2


def test_a_random_split_cannot_leave_the_test_out(tmp_path):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    with pytest.raises(
        ParamsError, match=r"evaluate\.test: should be true with split\.method: random"
    ):
        apply_overrides(tmp_path, ["evaluate.test=false"])
    apply_overrides(tmp_path, ["evaluate.test=false", "split.method=chronological"])
    assert load_params(tmp_path / "params.yaml").evaluate.test is False
