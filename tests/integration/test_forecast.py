"""The chain up to the forecast: its files, what other tools make of them, and Keras alone."""

import logging
import shutil

import keras
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from darts import TimeSeries
from utilsforecast.evaluation import evaluate
from utilsforecast.losses import coverage, mae, rmse
from utilsforecast.plotting import plot_series

from foundation.errors import DataError
from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_chain, run_forecast
from tests.support.covariates import SHOPS, csv, shops_table
from tests.support.hourly import HOURLY, run_without_checkpoints
from tests.support.predictions import predictions_of


@pytest.fixture(autouse=True)
def _without_checkpoints(monkeypatch):
    monkeypatch.setenv(NO_CHECKPOINTS, "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which every stage ran on an hourly table, and its scores."""
    folder = tmp_path_factory.mktemp("hourly")
    return folder, run_without_checkpoints(folder, hourly(400), *HOURLY)


def hourly(n_rows):
    rng = np.random.default_rng(0)
    daily = np.sin(2 * np.pi * np.arange(n_rows) / 24)
    return pd.DataFrame(
        {
            "hour": pd.date_range("2024-03-01", periods=n_rows, freq="h").strftime(
                "%Y-%m-%d %H:%M"
            ),
            "load": (50 + 10 * daily + rng.normal(size=n_rows)).round(3),
            "oil": (40 - 5 * daily + rng.normal(size=n_rows)).round(3),
        }
    )


def forecast(folder):
    return pd.read_csv(folder / "forecasts/forecast.csv", parse_dates=["ds"])


def test_the_forecast_has_the_steps_after_the_last_row_of_each_target(made):
    table = forecast(made[0])

    assert table["unique_id"].tolist() == ["load"] * 5 + ["oil"] * 5
    hours = pd.date_range(
        "2024-03-17 16:00", periods=5, freq="h"
    )  # 400 rows after the 1st of March
    assert table["ds"].tolist() == [*hours, *hours]
    assert (table["exactcast-lo-90"] <= table["exactcast-lo-80"]).all()
    assert (table["exactcast-lo-80"] < table["exactcast-hi-80"]).all()
    assert (table["exactcast-hi-80"] <= table["exactcast-hi-90"]).all()


def test_both_files_hold_the_same(made):
    pd.testing.assert_frame_equal(
        forecast(made[0]),
        pd.read_parquet(made[0] / "forecasts/forecast.parquet"),
        check_dtype=False,
        rtol=0,
        atol=0,
    )


def test_the_forecast_is_what_keras_alone_makes_of_the_final_model(made):
    folder, _ = made
    model = keras.saving.load_model(folder / "models/final.keras")
    known = pd.read_parquet(folder / "data/series.parquet").to_numpy()
    n_rows = len(known)

    while len(known) < n_rows + 5:
        known = np.concatenate([known, model(known[None, -6:]).numpy()[0]])

    table = forecast(folder).pivot(index="ds", columns="unique_id", values="exactcast")
    expected = known[n_rows : n_rows + 5]
    np.testing.assert_allclose(table[["load", "oil"]], expected, rtol=0, atol=1e-6)


def test_intervals_are_calibrated_apart_from_what_chose_the_epoch(made):
    folder, scores = made
    intervals = pd.read_parquet(folder / "models/intervals.parquet")

    assert scores["windows"]["calibration"] > 20
    assert set(scores["intervals"]["coverage"]) == {"80", "90"}
    assert intervals["step"].max() == 5
    first = intervals[(intervals["target"] == "load") & (intervals["step"] == 1)]
    errors = predictions_of(folder, "calibration")
    errors = errors[(errors["feature"] == "load") & (errors["step"] == 1)]
    assert first["errors"].tolist() == [len(errors)] * 2
    ranks = [(len(errors) + 1) // 10, (len(errors) + 1) // 20]  # of 80 and of 90 per cent
    ordered = np.sort(errors["actual"] - errors["forecast"])
    np.testing.assert_allclose(first["lower"], [ordered[rank - 1] for rank in ranks])
    np.testing.assert_allclose(first["upper"], [ordered[-rank] for rank in ranks])


def test_steps_that_reach_into_the_test_part_do_not_calibrate(made):
    intervals = pd.read_parquet(made[0] / "models/intervals.parquet")
    load = intervals[(intervals["target"] == "load") & (intervals["level"] == 80)]

    errors = load.set_index("step")["errors"]
    assert errors[1] == errors[2] >= errors[5]


def test_utilsforecast_finds_the_scores_and_the_coverage_of_the_report(made):
    folder, scores = made
    tested = predictions_of(folder, n_steps=2)
    origins = tested["origin"].astype(str)
    long = pd.DataFrame(
        {
            "unique_id": tested["feature"],
            "ds": tested["origin"] + pd.to_timedelta(tested["step"], unit="h"),
            "cutoff": origins,
            "y": tested["actual"],
            "exactcast": tested["forecast"],
        }
    )

    found = evaluate(long, metrics=[mae, rmse], models=["exactcast"])

    by_target = scores["scores"]["model"]["raw"]["by_target"]
    mean = found.groupby(["unique_id", "metric"])["exactcast"].mean()
    for target in ("load", "oil"):
        assert mean[target, "mae"] == pytest.approx(by_target[target]["mae"])
    overall = found.assign(squared=found["exactcast"] ** 2).query("metric == 'rmse'")
    for target, squared in overall.groupby("unique_id")["squared"].mean().items():
        assert squared == pytest.approx(by_target[target]["mse"])


def test_utilsforecast_finds_the_coverage_of_each_step(made):
    folder, _ = made
    intervals = pd.read_parquet(folder / "models/intervals.parquet")
    tested = predictions_of(folder).dropna(subset="actual")
    offsets = intervals[intervals["level"] == 80].set_index(["target", "step"])
    keys = pd.MultiIndex.from_frame(tested[["feature", "step"]])
    long = pd.DataFrame(
        {
            "unique_id": tested["feature"] + "/" + tested["step"].astype(str),
            "ds": tested["origin"],
            "y": tested["actual"],
            "exactcast": tested["forecast"],
            "exactcast-lo-80": tested["forecast"] + offsets["lower"].reindex(keys).to_numpy(),
            "exactcast-hi-80": tested["forecast"] + offsets["upper"].reindex(keys).to_numpy(),
        }
    )

    found = evaluate(long, metrics=[coverage], level=[80], models=["exactcast"])

    for row in found.itertuples():
        target, step = row.unique_id.split("/")
        assert row.exactcast == pytest.approx(offsets.loc[(target, int(step)), "coverage"])


@pytest.mark.filterwarnings(
    "ignore:A future version of pandas will return a BaseOffset"
)  # in darts
def test_darts_and_utilsforecast_read_the_forecast(made):
    folder, _ = made
    history = pd.read_parquet(folder / "data/series.parquet")
    long = history.rename_axis(index="ds", columns="unique_id").stack().rename("y").reset_index()

    series = TimeSeries.from_group_dataframe(
        forecast(folder), group_cols="unique_id", time_col="ds", value_cols=["exactcast"]
    )
    with mpl.rc_context({"backend": "agg"}):
        figure = plot_series(long, forecast(folder), level=[80, 90], max_insample_length=48)

    assert [len(one) for one in series] == [5, 5]
    assert len([axes for axes in figure.axes if axes.get_title()]) == 2


def test_a_random_split_calibrates_on_the_test_and_says_so(tmp_path):
    scores = run_chain(
        tmp_path, csv(hourly(200)), *HOURLY, "split.method=random", "evaluate.season=auto"
    )

    assert scores["intervals"]["coverage"] == {}
    assert "calibrated on the test windows" in scores["intervals"]["sentence"]
    assert forecast(tmp_path)["exactcast-lo-80"].notna().all()


def test_levels_that_too_few_windows_calibrate_are_left_empty_and_named(tmp_path):
    scores = run_chain(tmp_path, csv(hourly(120)), *HOURLY, "intervals.levels=[50, 99]")

    assert "99 per cent needs 199 windows" in scores["intervals"]["sentence"]
    table = forecast(tmp_path)
    assert table["exactcast-lo-50"].notna().all()
    assert table["exactcast-hi-99"].isna().all()


def test_without_levels_the_forecast_has_no_intervals(tmp_path):
    scores = run_chain(
        tmp_path, csv(hourly(120)), *HOURLY, "intervals.levels=[]", "intervals.adaptive=true"
    )

    assert scores["intervals"] == {"coverage": {}, "sentence": None}
    assert list(forecast(tmp_path).columns) == ["unique_id", "ds", "exactcast"]


def test_adaptive_intervals_follow_the_outcomes(tmp_path):
    run_chain(
        tmp_path, csv(hourly(400)), *HOURLY, "intervals.adaptive=true", "intervals.gamma=0.05"
    )

    intervals = pd.read_parquet(tmp_path / "models/intervals.parquet")
    assert intervals["outside"].between(0, 1, inclusive="neither").all()
    assert (intervals["outside"] != (100 - intervals["level"]) / 100).any()
    assert intervals["coverage"].notna().all()


def test_no_forecast_and_no_interval_lies_below_the_least_value(tmp_path):
    run_chain(tmp_path, csv(hourly(120)), *HOURLY, "model.targets_min=45", "train.epochs=1")

    numbers = forecast(tmp_path).drop(columns=["unique_id", "ds"])
    assert numbers.min(axis=None) == 45
    assert predictions_of(tmp_path)["forecast"].min() == 45


def test_shops_are_forecast_with_what_is_known_ahead_of_them(tmp_path):
    run_chain(tmp_path, csv(shops_table()), *SHOPS)

    table = forecast(tmp_path)
    assert table["unique_id"].tolist() == ["north"] * 3 + ["park"] * 3 + ["south"] * 3
    assert set(table["ds"]) == {*pd.date_range("2024-05-31", periods=3)}  # 120 days from February
    intervals = pd.read_parquet(tmp_path / "models/intervals.parquet")
    assert set(intervals["unit"]) == {"mean step"}


def test_a_shop_whose_price_is_not_known_ahead_is_named_and_left_out(tmp_path, caplog):
    caplog.set_level("INFO")
    table = shops_table()
    table.loc[(table["shop"] == "park") & (table["day"] == "2024-06-01"), "price"] = None

    run_chain(tmp_path, csv(table), *SHOPS, "ingest.gaps=interpolate")

    assert set(forecast(tmp_path)["unique_id"]) == {"north", "south"}
    assert (
        "predict: 1 series ('park') cannot be forecast from the newest rows: no value of 'price' "
        "(ingest.future_covariates) of series 'park' at 2024-06-01 00:00:00."
    ) in caplog.messages


def refitted(folder, *overrides):
    keras.utils.clear_session()  # which counts names, as if it were a process of its own
    return run_chain(folder, csv(hourly(200)), *HOURLY, "forecast.refit=true", *overrides)


def test_with_refit_the_newest_rows_are_forecast_by_a_model_that_has_learned_from_them(tmp_path):
    scores = refitted(tmp_path)
    evaluated, final = (
        keras.saving.load_model(tmp_path / f"models/{name}.keras") for name in ("model", "final")
    )
    series = pd.read_parquet(tmp_path / "data/series.parquet").to_numpy()

    center = -final.get_layer("center").offset
    np.testing.assert_allclose(center, series.mean(axis=0))  # of all rows
    assert not np.allclose(center, -evaluated.get_layer("center").offset)
    known = series
    while len(known) < len(series) + 5:
        known = np.concatenate([known, final(known[None, -6:]).numpy()[0]])
    table = forecast(tmp_path).pivot(index="ds", columns="unique_id", values="exactcast")
    np.testing.assert_allclose(
        table[["load", "oil"]], known[len(series) : len(series) + 5], rtol=0, atol=1e-6
    )
    assert "the errors of the evaluated model" in scores["intervals"]["sentence"]


def test_what_is_evaluated_is_the_same_with_and_without_refit(tmp_path):
    with_refit, without = tmp_path / "with", tmp_path / "without"
    for folder in (with_refit, without):
        folder.mkdir()
    refitted(with_refit)
    keras.utils.clear_session()
    run_chain(without, csv(hourly(200)), *HOURLY)

    for path in ("models/model.keras", "data/predictions.parquet", "reports/metrics.json"):
        assert (with_refit / path).read_bytes() == (without / path).read_bytes()
    assert (without / "models/final.keras").read_bytes() == (
        without / "models/model.keras"
    ).read_bytes()


def test_a_refit_replays_the_epochs_up_to_the_one_that_was_kept(tmp_path, capsys, caplog):
    caplog.set_level(logging.INFO)
    refitted(tmp_path, "train.epochs=6", "train.optimizer.learning_rate=0.05")

    curve = pd.read_csv(tmp_path / "reports/training.csv")
    kept = int(curve.loc[curve["kept"] == 1, "epoch"].iloc[0])
    printed = capsys.readouterr().out
    assert printed.count(f"epoch {kept}/{kept} ") == 1 + (kept == 6)
    n_windows = 200 - 6 - 2 + 1  # rows, lookback, horizon
    assert f"on all {n_windows} windows over {kept} epochs" in caplog.text
    assert "training takes twice as long" in caplog.text


@pytest.fixture
def copied(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "copy")
    return tmp_path / "copy"


def test_a_newer_table_is_forecast_with_the_model_as_it_is(copied):
    newer = hourly(460).iloc[300:]  # begins later and ends later
    before = (copied / "models/final.keras").read_bytes()

    run_forecast(copied, csv(newer))

    model = keras.saving.load_model(copied / "models/final.keras")
    known = newer[["load", "oil"]].to_numpy()
    while len(known) < 165:
        known = np.concatenate([known, model(known[None, -6:]).numpy()[0]])
    table = forecast(copied)
    assert table["ds"].min() == pd.Timestamp("2024-03-20 04:00")  # 460 hours after the 1st of March
    wide = table.pivot(index="ds", columns="unique_id", values="exactcast")
    np.testing.assert_allclose(wide[["load", "oil"]], known[160:165], rtol=0, atol=1e-6)
    assert table["exactcast-lo-80"].notna().all()
    assert (copied / "models/final.keras").read_bytes() == before


def test_a_newer_table_may_be_as_short_as_a_window_and_constant(copied):
    still = hourly(6).assign(oil=40.0)

    run_forecast(copied, csv(still))

    assert len(forecast(copied)) == 10


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda table: table.drop(columns="oil"),
            "has no column 'oil' (ingest.targets); it has 'hour', 'load'.",
        ),
        (
            lambda table: table.iloc[::2],
            "does not fit the model: its step is 2h, and the model was trained with h",
        ),
    ],
)
def test_a_newer_table_of_another_kind_is_refused(copied, change, sentence):
    kept = (copied / "forecasts/forecast.csv").read_bytes()

    with pytest.raises(DataError) as refused:
        run_forecast(copied, csv(change(hourly(100))))

    assert f"data/newest/table.csv {sentence}" in str(refused.value)
    assert (copied / "forecasts/forecast.csv").read_bytes() == kept
