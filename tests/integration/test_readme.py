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

from foundation.packages import LOCK_FILE
from foundation.params import Params, check_params
from stages import calibrate, forecast, ingest, predict, refit, split, train, windowing
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
    """The same with gaps that the last window reads: within a column, and at the end of another."""
    table = counter()
    table["volt"] = 230 + np.cos(np.arange(ROWS))
    table.loc[[ROWS - 8, ROWS - 7], "hertz"] = np.nan
    table.loc[ROWS - 1, "volt"] = np.nan
    return table


def readme_lines() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (lines,) = [block for block in blocks if "models/final.keras" in block]
    return lines


def pipelines_forecast(table: pd.DataFrame) -> np.ndarray:
    """Run the stages on the table; return what forecasts/forecast.csv holds, shape (steps, columns)."""
    table.to_csv("counter.csv", index=False)
    shutil.copy(ROOT / LOCK_FILE, LOCK_FILE)
    for stage in (ingest, windowing, split, train, predict, calibrate, refit, forecast):
        stage.run(params())
    long = pd.read_csv("forecasts/forecast.csv")
    wide = long.pivot(index="ds", columns="unique_id", values="exactcast")
    return wide[list(artifacts.SERIES.load_panel().targets)].to_numpy()


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
    deviations = artifacts.SERIES.load().std().to_numpy()
    apart = np.abs(readmes_forecast() - expected) / deviations
    assert expected.shape == apart.shape == (24, len(deviations))
    assert apart.max() < 1e-6


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
