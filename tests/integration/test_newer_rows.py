"""Newer rows with an older model: the stage `forecast` on a table of its own, and answers that are stored nowhere."""

import contextlib
import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from foundation.errors import DataError
from foundation.params import load_params
from pipeline.runs.overrides import apply_overrides
from stages import forecast as stage
from stages.answer import answer
from tests.support.covariates import SHOPS, csv, shops_table
from tests.support.hourly import HOURLY, run_without_checkpoints

PARAMETER_CHANGED = re.compile(r"(set|correct|raise|with|out of) ingest\.", re.IGNORECASE)
FILES = ("forecast.csv", "forecast.parquet", "forecast.png")


def hourly(n_rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    daily = np.sin(2 * np.pi * np.arange(500) / 24)
    hours = pd.date_range("2024-03-01", periods=500, freq="h").strftime("%Y-%m-%d %H:%M")
    load = (50 + 10 * daily + rng.normal(size=500)).round(3)
    oil = (40 - 5 * daily + rng.normal(size=500)).round(3)
    return pd.DataFrame({"hour": hours, "load": load, "oil": oil})[:n_rows]


def made_in(folder: Path, table: pd.DataFrame, *overrides: str) -> Path:
    run_without_checkpoints(folder, table, *overrides)
    return folder


@pytest.fixture(scope="module")
def hours(tmp_path_factory) -> Path:
    """A folder in which every stage ran on the first 400 hours."""
    return made_in(tmp_path_factory.mktemp("hours"), hourly(400), *HOURLY)


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> Path:
    """The same for shops, of which no sales are known after the 30th of May."""
    return made_in(tmp_path_factory.mktemp("shops"), shops_table(), *SHOPS)


@pytest.fixture
def copy(hours: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hours, tmp_path / "copy"))


def with_newer(folder: Path, table: pd.DataFrame, name: str = "newer.csv") -> None:
    """Run the stage on a newer table."""
    newest = folder / "data/newest"
    newest.mkdir(exist_ok=True)
    (newest / name).write_bytes(csv(table))
    apply_overrides(folder, [f"forecast.input=data/newest/{name}"])
    with contextlib.chdir(folder):
        stage.run(load_params())


def forecast(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "forecasts/forecast.csv", parse_dates=["ds"])


def answered(
    folder: Path, *, steps: int, origin: str | None = None, table: Path | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Ask for a forecast in this process; return it, and what a reader should know of it."""
    wanted = {"steps": steps, "origin": origin, "table": table and str(table)}
    with contextlib.chdir(folder):
        said = answer(json.loads(json.dumps(wanted)), Path("answer.csv"))
        return pd.read_csv("answer.csv", parse_dates=["ds"]), said


def test_the_table_of_the_model_gives_the_stored_forecast_byte_for_byte(copy: Path):
    before = [(copy / "forecasts" / name).read_bytes() for name in FILES]
    with_newer(copy, hourly(400))
    assert [(copy / "forecasts" / name).read_bytes() for name in FILES] == before


def test_newer_rows_are_forecast_as_keras_alone_forecasts_them_with_the_model_as_it_was(copy: Path):
    final = (copy / "models/final.keras").read_bytes()
    with_newer(copy, hourly(450)[300:])

    model = keras.saving.load_model(copy / "models/final.keras")
    known = hourly(450)[["load", "oil"]].to_numpy()
    while len(known) < 450 + 5:
        known = np.concatenate([known, model(known[None, -6:]).numpy()[0]])
    table = forecast(copy).pivot(index="ds", columns="unique_id", values="exactcast")
    np.testing.assert_allclose(table[["load", "oil"]], known[450:455], rtol=0, atol=1e-6)
    assert table.index[0] == pd.Timestamp("2024-03-19 18:00")  # 450 hours after the 1st of March
    assert (copy / "models/final.keras").read_bytes() == final


def test_columns_that_the_model_does_not_read_are_passed_over(copy: Path):
    with_newer(copy, hourly(450))
    plain = forecast(copy)
    with_newer(copy, hourly(450).assign(wind=np.arange(450.0))[["oil", "wind", "hour", "load"]])
    pd.testing.assert_frame_equal(forecast(copy), plain)


def test_newer_rows_may_stand_still(copy: Path):
    with_newer(copy, hourly(450)[440:].assign(oil=40.0))
    assert forecast(copy)["exactcast"].notna().all()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (hourly(450).drop(columns="oil"), "has no column 'oil' (ingest.targets)"),
        (hourly(450).drop(columns="hour"), "has no column 'hour'"),
        (hourly(450)[::2], "its step is 2h, and the model was trained with h"),
        (hourly(450).drop(index=445), "has gaps: 2024-03-19 12:00:00 is followed by 2024-03-19 14:00:00"),
        (hourly(5), "Nothing can be forecast: the series cannot be forecast from the newest rows: fewer rows than windowing.lookback (6)."),
        (hourly(450)[:0], "data/newest/newer.csv has a header and no rows."),
        (hourly(450).rename(columns={"load": "lod"}), "has no column 'load' (ingest.targets); the nearest name is 'lod'."),
        (hourly(450).assign(oil=hourly(450)["oil"].where(hourly(450).index != 448)), "Feature 'oil' has no value in row 449"),
        (hourly(450)[::-1], "The times are not sorted: row 2 (2024-03-19 16:00:00) comes before row 1"),
        (hourly(450).replace({"oil": {hourly(450)["oil"][449]: "n/a?"}}), "'n/a?'"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_the_model_is_refused_in_a_sentence(copy, table, sentence):
    before = [(copy / "forecasts" / name).read_bytes() for name in FILES]
    with pytest.raises(DataError) as refused:
        with_newer(copy, table)
    said = str(refused.value)
    assert sentence in said
    assert "data/newest/newer.csv" in said and not PARAMETER_CHANGED.search(said)
    assert [(copy / "forecasts" / name).read_bytes() for name in FILES] == before


def with_offset(table: pd.DataFrame, offset: str) -> pd.DataFrame:
    return table.assign(hour=table["hour"] + offset)


def test_an_origin_after_the_last_row_is_said_to_be_of_no_effect(hours: Path):
    table, said = answered(hours, steps=5, origin="2025-01-01")
    pd.testing.assert_frame_equal(table, forecast(hours))
    assert said == [
        "The last rows are of 2024-03-17 15:00:00: the forecast begins after them, before 2025-01-01."
    ]


def test_a_table_that_ends_before_the_rows_of_the_model_is_said_to_be_no_forecast(copy, caplog):
    with_newer(copy, hourly(399))
    assert "data/newest/newer.csv ends at 2024-03-17 14:00:00, and the model was made from rows up to 2024-03-17 15:00:00" in caplog.text  # fmt: skip
    caplog.clear()
    with_newer(copy, hourly(400), "same.csv")
    assert "ends at" not in caplog.text


def test_an_origin_with_an_offset_is_an_instant_where_the_table_has_a_zone(tmp_path: Path):
    zone = "ingest.time_zone=Europe/Lisbon"  # in March UTC
    folder = made_in(tmp_path, hourly(400), *HOURLY, zone)
    table, _ = answered(folder, steps=1, origin="2024-03-16T23:00+02:00")
    assert set(table["ds"]) == {pd.Timestamp("2024-03-16 22:00")}


def test_a_newer_table_is_on_the_clock_of_the_model_or_refused(hours: Path, tmp_path: Path):
    plain = Path(shutil.copytree(hours, tmp_path / "plain"))
    with pytest.raises(
        DataError, match=r"newer\.csv does not fit the model: its times have a UTC off"
    ):
        with_newer(plain, with_offset(hourly(450), "+01:00"))

    (tmp_path / "offsets").mkdir()
    known = made_in(tmp_path / "offsets", with_offset(hourly(400), "+01:00"), *HOURLY)
    with pytest.raises(
        DataError, match="its times have no UTC offset, and those that the model was"
    ):
        with_newer(known, hourly(450))
    with_newer(known, with_offset(hourly(450), "-02:00"))
    assert forecast(known)["ds"].min() == pd.Timestamp("2024-03-19 20:00")  # UTC


def test_a_category_that_the_model_has_never_seen_is_named(shops: Path, tmp_path: Path):
    copy = Path(shutil.copytree(shops, tmp_path / "copy"))
    table = shops_table()
    table.loc[table["shop"] == "park", "kind"] = "castle"
    with pytest.raises(DataError, match="'castle', a category that no training window reads"):
        with_newer(copy, table)


def test_more_steps_than_are_stored_begin_with_the_stored_ones_and_have_no_intervals(hours: Path):
    table, said = answered(hours, steps=8)
    assert said == []
    assert len(table) == 2 * 8
    stored = forecast(hours)
    first = table[table.groupby("unique_id").cumcount() < 5].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, stored)
    rest = table[table.groupby("unique_id").cumcount() >= 5]
    assert rest["exactcast"].notna().all()
    assert rest.drop(columns=["unique_id", "ds", "exactcast"]).isna().all(axis=None)


def test_an_earlier_origin_reads_no_later_row_and_uses_the_evaluated_model(hours, tmp_path):
    copy = Path(shutil.copytree(hours, tmp_path / "copy"))
    (copy / "models/final.keras").unlink()  # it is not asked
    table, said = answered(copy, steps=3, origin="2024-03-16 23:00")

    model = keras.saving.load_model(copy / "models/model.keras")
    known = hourly(384)[["load", "oil"]].to_numpy()  # 16 days
    forecasts = model(known[None, -6:]).numpy()[0]
    by_target = table.pivot(index="ds", columns="unique_id", values="exactcast")[["load", "oil"]]
    np.testing.assert_allclose(by_target[:2], forecasts, rtol=0, atol=1e-6)
    assert by_target.index[0] == pd.Timestamp("2024-03-17 00:00")
    assert said == [
        "The model of the scores forecasts from 2024-03-16 23:00, as the final one may know later rows."
    ]


def test_an_origin_that_the_model_has_seen_is_said_to_be_no_forecast(hours: Path):
    _, said = answered(hours, steps=2, origin="2024-03-05")
    assert len(said) == 2
    assert said[1].startswith("This is not a forecast: the model has seen the rows up to 2024-03-")
    assert said[1].endswith("which come after 2024-03-05. No score is kept.")


def test_an_origin_in_newer_rows_is_forecast_by_the_final_model(hours: Path, tmp_path: Path):
    newer = tmp_path / "newer.csv"
    newer.write_bytes(csv(hourly(450)))
    shorter = tmp_path / "shorter.csv"
    shorter.write_bytes(csv(hourly(420)))
    table, said = answered(hours, steps=5, origin="2024-03-18 11:00", table=newer)
    assert said == []
    pd.testing.assert_frame_equal(table, answered(hours, steps=5, table=shorter)[0])


@pytest.mark.parametrize(
    ("origin", "sentence"),
    [
        ("soon", "--from soon: this is not a time of the table"),
        ("2023-01-01", "--from 2023-01-01: the series begin at 2024-03-01 00:00:00 and end at"),
        (
            "2024-03-16T23:00+01:00",
            "--from 2024-03-16T23:00+01:00: the times of the table are of no known zone",
        ),
        ("2024-03-01 02:00", "fewer rows than windowing.lookback (6)"),
    ],
)
def test_an_origin_that_cannot_be_is_refused_in_a_sentence(hours: Path, origin, sentence):
    with pytest.raises(DataError) as refused:
        answered(hours, steps=2, origin=origin)
    assert sentence in str(refused.value)


def test_at_an_earlier_origin_what_was_known_ahead_is_still_known(shops: Path):
    table, _ = answered(shops, steps=3, origin="2024-05-20")
    assert set(table["ds"]) == {*pd.date_range("2024-05-21", periods=3)}
    assert table["exactcast"].notna().all()
    assert sorted(set(table["unique_id"])) == ["north", "park", "south"]
