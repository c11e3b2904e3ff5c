"""The chain on long tables: many series, one model."""

import numpy as np
import pandas as pd
import pytest

from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_chain, run_ingest
from tests.support.predictions import predictions_of

HORIZON = 2
PANEL = (
    "ingest.time=day", "ingest.id=shop", "windowing.lookback=14", "windowing.horizon=2",
    "split.method=chronological", "split.gap=0", "train.epochs=2", "train.batch_size=64",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _without_checkpoints(monkeypatch):
    monkeypatch.setenv(NO_CHECKPOINTS, "1")


def shop(name, *, days, first="2024-01-01", level, seed):
    """One shop: a week's pattern and noise around a level."""
    rng = np.random.default_rng(seed)
    pattern = 10 * np.sin(2 * np.pi * np.arange(days) / 7)
    return pd.DataFrame(
        {
            "shop": name,
            "day": pd.date_range(first, periods=days).strftime("%Y-%m-%d"),
            "sales": (level + pattern + rng.normal(0, 1, days)).round(3),
        }
    )


def shops():
    """Shops of different length and start; `late` opens in the test part, `short` has no window."""
    tables = [
        shop("north", days=200, level=100, seed=1),
        shop("south", days=150, level=300, seed=2),
        shop("late", days=50, first="2024-05-30", level=200, seed=3),
        shop("short", days=10, level=50, seed=4),
    ]
    return pd.concat(tables).sort_values(["day", "shop"], kind="stable")


def csv(table):
    return table.to_csv(index=False).encode()


def test_every_series_is_scored_and_what_is_undefined_is_named(tmp_path, caplog):
    caplog.set_level("INFO")
    scores = run_chain(tmp_path, csv(shops()), *PANEL)
    by_series = pd.read_parquet(tmp_path / "reports/scores_by_series.parquet")

    assert "windowing: 1 series ('short') left out: no window fits" in caplog.messages
    assert (
        "split: 1 series ('late') without training windows, forecast and scored" in caplog.messages
    )
    assert scores["series"]["scored"] == 2  # south ends before the test part
    assert (scores["series"]["of"], scores["series"]["untrained"]) == (4, 1)
    assert scores["series"]["left_out"] == 1
    assert "Series: 2 of 4 are scored, and the model beats" in scores["series"]["sentence"]
    assert scores["series"]["sentence"].endswith(
        "Without training windows, so without training mean and MASE: 1 ('late'). Left out, as no window "
        "fits: 1 ('short')."
    )
    assert set(by_series["series"]) == {"north", "late"}
    late = by_series[by_series["series"] == "late"].set_index("forecaster")
    assert late["mase"].isna().all()
    assert np.isnan(late.loc["training_mean", "mse"])
    assert late.loc["model", "rmse"] > 0
    north = by_series[by_series["series"] == "north"]
    assert north[["mse", "mase"]].notna().all(axis=None)


def test_the_scores_of_all_series_are_those_over_all_windows(tmp_path):
    scores = run_chain(tmp_path, csv(shops()), *PANEL)
    by_series = pd.read_parquet(tmp_path / "reports/scores_by_series.parquet")
    predictions = predictions_of(tmp_path, n_steps=HORIZON)

    error = predictions["actual"] - predictions["forecast"]
    model = scores["scores"]["model"]["raw"]["overall"]
    assert model["mse"] == pytest.approx((error**2).mean())
    for row in by_series[by_series["forecaster"] == "model"].itertuples():
        mine = error[predictions["series"] == row.series]
        assert (len(mine), (mine**2).mean()) == pytest.approx((row.values, row.mse))
    weights = by_series[by_series["forecaster"] == "ridge"]
    assert scores["scores"]["ridge"]["raw"]["overall"]["mse"] == pytest.approx(
        np.average(weights["mse"], weights=weights["values"])
    )


def test_other_series_of_a_table_change_nothing_in_the_windows_of_one(tmp_path):
    """What stands above and below a series is neither read nor predicted by its windows."""
    north = shop("north", days=200, level=100, seed=1)
    run_chain(tmp_path, csv(north.drop(index=[20, 21, 90])), *PANEL, "ingest.gaps=interpolate",
              "ingest.frequency=D")  # fmt: skip
    alone = predictions_of(tmp_path)
    others = [shop(name, days=200, level=1e6, seed=5) for name in ("a", "z")]
    gapped = pd.concat([each.drop(index=[0, 1, 198, 199]) for each in others])
    table = pd.concat([north.drop(index=[20, 21, 90]), gapped])

    run_chain(tmp_path, csv(table), *PANEL, "ingest.gaps=interpolate", "ingest.frequency=D")
    together = predictions_of(tmp_path)

    mine = together[together["series"] == "north"].reset_index(drop=True)
    columns = ["origin", "step", "feature", "actual"]
    pd.testing.assert_frame_equal(mine[columns], alone[columns])


def test_a_panel_of_one_series_scores_as_the_series_alone(tmp_path):
    north = shop("north", days=200, level=100, seed=1)
    panel = run_chain(tmp_path, csv(north), *PANEL)
    alone = run_chain(tmp_path, csv(north.drop(columns="shop")), *PANEL, "ingest.id=null")

    assert panel["scores"]["model"] == alone["scores"]["model"]
    assert panel["scores"]["ridge"] == alone["scores"]["ridge"]
    assert "series" not in alone


def test_a_real_table_gives_the_same_series_long_and_wide(tmp_path, etth1):
    wide = pd.read_csv(etth1)
    long = wide.melt("date", var_name="sensor", value_name="value")
    by_time = long.sort_values("date", kind="stable")  # the sensors of an hour below each other
    settings = ("ingest.time=date", "split.method=chronological")

    as_wide = run_ingest(tmp_path, etth1.read_bytes(), *settings)
    columns = as_wide.columns.tolist()
    for table in (long, by_time):
        as_long = run_ingest(tmp_path, csv(table), *settings, "ingest.id=sensor")
        assert as_long.index.names == ["sensor", "date"]
        together = as_long["value"].unstack("sensor")[columns]
        together.columns = pd.Index(columns)
        pd.testing.assert_frame_equal(together, as_wide, check_freq=False)
