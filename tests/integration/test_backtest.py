"""`exactcast backtest`: rolling origins, a run for each model, forecasts and scores beside the baselines'."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation import paths
from foundation.errors import DataError
from foundation.params import load_params
from stages.fold_scores import read_fold
from stages.storage.checkpoints import NO_CHECKPOINTS
from stages.storage.tables import SeriesTable
from tests.support.chain import run_chain
from tests.support.project import Project, error_of

COMMAND = (
    "backtest", "--n-windows", "3", "--step-size", "12", "--refit", "2", "--name", "first",
    "-S", "windowing.horizon=3", "-S", "train.epochs=1",
)  # fmt: skip
TARGETS = ["ambient", "irradiance", "load_city", "load_industry", "oil"]
BASELINES = ["repeat_last", "seasonal_naive", "training_mean", "ridge"]


@pytest.fixture(scope="module")
def project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of a checkout with a run on 600 hours from 2024-01-01 on."""
    copy = tmp_path_factory.mktemp("backtest") / "a copy"
    shutil.copytree(finished.root, copy, symlinks=True)
    return Project(copy)


@pytest.fixture(scope="module")
def said(project: Project) -> str:
    return project.exactcast(*COMMAND)


def forecasts(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.root / "studies/first/backtest.parquet")


def test_the_last_forecast_ends_with_the_table_and_every_cutoff_has_each_step(said, project):
    table = forecasts(project)
    cutoffs = [pd.Timestamp(f"2024-01-{day}") for day in ("24 20:00", "25 08:00", "25 20:00")]
    assert list(table["cutoff"].unique()) == cutoffs
    assert list(table["unique_id"].unique()) == TARGETS
    assert len(table) == 3 * 3 * len(TARGETS)
    hours = (table["ds"] - table["cutoff"]) / pd.Timedelta("1h")
    assert hours.tolist() == [1, 2, 3] * (3 * len(TARGETS))
    assert list(table.columns) == [
        "unique_id", "cutoff", "ds", "y", "exactcast",
        "exactcast-lo-80", "exactcast-hi-80", "exactcast-lo-90", "exactcast-hi-90", *BASELINES,
    ]  # fmt: skip


def test_what_happened_and_the_last_known_value_stand_beside_the_forecasts(said, project):
    table = forecasts(project)
    series = SeriesTable(project.root / "data/series.parquet").load_panel().series(0)
    for row in table.to_dict("records"):
        assert row["y"] == series.loc[row["ds"], row["unique_id"]]
        assert row["repeat_last"] == series.loc[row["cutoff"], row["unique_id"]]
    assert (table["exactcast-lo-90"] <= table["exactcast-lo-80"]).all()
    assert project.read("studies/first/backtest.png").startswith(b"\x89PNG")
    assert (table["exactcast-hi-80"] <= table["exactcast-hi-90"]).all()


def test_the_scores_are_those_of_the_table_by_fold_by_step_and_over_all(said, project):
    scores = json.loads(project.read("studies/first/scores.json"))
    assert [len(scores[kind]) for kind in ("folds", "steps")] == [2, 3]
    assert scores["origins"] == 3 and scores["interval"] is None and scores["block"] == 3
    overall = scores["overall"]
    best = overall["best_baseline"]
    assert overall["skill"] == pytest.approx(1 - overall["mse"]["model"] / overall["mse"][best])
    by_fold = [fold["mse"]["model"] for fold in scores["folds"]]  # of two cutoffs, and of one
    assert overall["mse"]["model"] == pytest.approx((2 * by_fold[0] + by_fold[1]) / 3)
    by_step = [step["mse"]["ridge"] for step in scores["steps"]]
    assert overall["mse"]["ridge"] == pytest.approx(np.mean(by_step))
    assert "how sure that is cannot be said: it takes 6 origins or more" in said
    lines = [line for line in said.splitlines() if line.startswith(("fold 1, from", "all "))]
    assert lines[0].startswith("fold 1, from 2024-01-24 20:00:00")


def test_each_model_is_a_kept_run_that_saw_nothing_after_its_first_cutoff(said, project):
    runs = json.loads(project.exactcast("runs", "--json"))
    names = [line.split("kept as ")[1] for line in said.splitlines() if "kept as " in line]
    splits = [run["record"]["parameters"]["split"] for run in runs if run["name"] in names]
    assert sorted((s["test_from"], s["test_until"]) for s in splits) == [
        ("2024-01-24 21:00:00", "2024-01-25 12:00:00"),  # a forecast of three steps from 08:00
        ("2024-01-25 21:00:00", None),
    ]
    assert {s["method"] for s in splits} == {"chronological"}


def test_a_fold_that_is_kept_is_not_run_again_and_the_files_are_the_same(said, project):
    before = forecasts(project), project.read("studies/first/backtest.parquet")
    again = project.exactcast(*COMMAND)
    assert again.count("Restored") == 4  # each as a line, and in the summary
    assert project.read("studies/first/backtest.parquet") == before[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--n-windows", "100", "--step-size", "24"], "and the series have 600"),
        (["--refit", "0"], "--refit 0: should be a number of windows from 1 on, or never"),
        (["-S", "windowing.stride=2"], "A backtest needs windows at every row"),
        (["--name", "a b"], "cannot be the name of a folder"),
        (["-S", "train.epochs=0"], "train.epochs"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_a_sentence(said, project, arguments, sentence):
    done = project.attempt("python", "-m", "pipeline", "backtest", *arguments)
    assert done.returncode == 1
    assert sentence in error_of(done)


def run_shops(folder: Path, *, later: int = 0) -> None:
    """Run every stage on two shops of 300 days, the second of which begins 40 days later.

    From 2024-10-01 on, the 275th day, `later` more are sold.
    """
    days = pd.date_range("2024-01-01", periods=300)
    sold = np.arange(300) % 7 + later * (np.arange(300) >= 274)
    first = pd.DataFrame({"shop": "a", "day": days, "sold": sold})
    second = pd.DataFrame({"shop": "b", "day": days, "sold": 10 + sold})
    table = pd.concat([first, second[40:]]).to_csv(index=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NO_CHECKPOINTS, "1")
        run_chain(
            folder, table, "ingest.time=day", "ingest.id=shop", "split.method=chronological",
            "windowing.lookback=14", "windowing.horizon=2", "train.epochs=1", "forecast.horizon=2",
            "split.validation_from=2024-07-01", "split.test_from=2024-10-01", "split.test_until=null",
        )  # fmt: skip


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shops")
    run_shops(folder)
    return folder


def fold(folder: Path, *cutoffs: str):
    read = (paths.SERIES, paths.SPLIT, paths.PREDICTIONS, paths.INTERVALS)
    files = {path.as_posix(): str(folder / path) for path in read}
    return read_fold(load_params(folder / "params.yaml"), files, cutoffs)


def test_every_series_of_a_table_is_forecast_from_every_cutoff(shops):
    table = fold(shops, "2024-09-30", "2024-10-10").table()
    assert [*map(tuple, table[["unique_id", "cutoff"]].drop_duplicates().astype(str).to_numpy())] == [
        ("a", "2024-09-30"), ("a", "2024-10-10"), ("b", "2024-09-30"), ("b", "2024-10-10"),
    ]  # fmt: skip
    known = table[(table["unique_id"] == "b") & (table["ds"] == "2024-10-01")]
    assert known["y"].item() == 10 + 274 % 7  # the 275th day of the year
    assert known["seasonal_naive"].item() == known["y"].item()


def test_nothing_that_happens_after_a_cutoff_reaches_its_forecast_or_its_intervals(shops, tmp_path):
    run_shops(tmp_path, later=1000)
    as_it_was, otherwise = (fold(each, "2024-09-30").table() for each in (shops, tmp_path))
    assert (otherwise["y"] - as_it_was["y"]).tolist() == [1000.0] * 4
    pd.testing.assert_frame_equal(as_it_was.drop(columns="y"), otherwise.drop(columns="y"))


def test_a_cutoff_without_a_test_window_is_named(shops):
    with pytest.raises(DataError, match="No test window of the fold ends at 2024-09-29"):
        fold(shops, "2024-09-29", "2024-09-30")


def test_a_fold_whose_parts_overlap_is_a_leak(shops, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(shops, copy)
    split = pd.read_parquet(copy / paths.SPLIT)
    late = split["part"].eq("test") & split["input_start"].isin(split["input_start"].nlargest(1))
    split["part"] = split["part"].mask(late, "train")
    split.to_parquet(copy / paths.SPLIT)
    with pytest.raises(DataError, match="Leak"):
        fold(copy, "2024-09-30")
