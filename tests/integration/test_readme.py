"""README's lines do what README says of them."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from forecasting.data.filling import fill
from forecasting.models.raw_units import load_model
from forecasting.training.inference import Forecaster
from foundation.packages import LOCK_FILE
from foundation.params import Params, check_params
from stages import ingest, split, train, windowing
from stages.storage import artifacts
from tests.support.project import ROOT

ROWS, LOOKBACK, HORIZON = 300, 12, 2
CHANGED = {
    "ingest": {"raw": "counter.csv", "time": "time", "gaps": "interpolate"},
    "windowing": {"lookback": LOOKBACK, "horizon": HORIZON},
    "train": {"epochs": 2},
}


def params() -> Params:
    content = YAML(typ="safe").load(ROOT / "params.yaml")
    for section, values in CHANGED.items():
        content[section] |= values
    return check_params(content, source="the test")


def counter() -> pd.DataFrame:
    """A counter: a large number whose variation float32, in steps of 1 there, cannot hold."""
    hours, noise = np.arange(ROWS), np.random.default_rng(5).normal(scale=0.004, size=ROWS)
    times = pd.date_range("2024-03-01", periods=ROWS, freq="h")
    hertz = 1e7 + 0.05 * np.sin(2 * np.pi * hours / 24) + noise
    return pd.DataFrame({"time": times, "hertz": hertz})


def with_gaps() -> pd.DataFrame:
    """The same, where the last window reads a gap within it and another at its end."""
    table = counter()
    end = ROWS - HORIZON
    table.loc[[end - 8, end - 7, end - 1], "hertz"] = np.nan
    return table


def readme_lines() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (lines,) = [block for block in blocks if "models/model.keras" in block]
    return lines


def pipelines_forecast(table: pd.DataFrame) -> np.ndarray:
    """Train on the table; forecast its last rows from the window before them, as evaluate does."""
    table.to_csv("counter.csv", index=False)
    shutil.copy(ROOT / LOCK_FILE, LOCK_FILE)
    for stage in (ingest, windowing, split, train):
        stage.run(params())
    values = artifacts.SERIES.load_panel().values
    start = np.array([len(values) - HORIZON - LOOKBACK])
    model = load_model(artifacts.MODEL.path)
    return Forecaster(model, fill(values)).forecast(start)[0]


def readmes_forecast() -> np.ndarray:
    """Run README's lines as a user does: without this project, its folder and its seal."""
    script = (
        f"{readme_lines()}\n"
        "import sys, numpy\n"
        "numpy.save('forecast.npy', forecast)\n"
        "assert not {'forecasting', 'stages', 'pipeline'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return np.load("forecast.npy")


def check_readme(table: pd.DataFrame) -> None:
    """Compare both forecasts of the table's last rows."""
    expected = pipelines_forecast(table)
    series = artifacts.SERIES.load()
    artifacts.SERIES.save(series.iloc[:-HORIZON])  # without the rows to forecast
    deviation = float(series["hertz"].std())
    np.testing.assert_allclose(
        readmes_forecast(), expected, rtol=0, atol=1e-6 * deviation, strict=True
    )


@pytest.mark.parametrize("table", [counter(), with_gaps()], ids=["complete", "with gaps"])
def test_readmes_lines_forecast_what_the_pipeline_forecasts(table: pd.DataFrame, tmp_path: Path):
    with contextlib.chdir(tmp_path):
        check_readme(table)


def test_readmes_lines_forecast_the_case_of_a_counter(cases: Path, tmp_path: Path):
    with contextlib.chdir(tmp_path):
        check_readme(pd.read_csv(cases / "counter.csv"))


def test_no_document_shows_keras_predict():
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert not [file.name for file in documents if ".predict(" in file.read_text(encoding="utf-8")]
