"""What became of forecasts, read from files."""

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from forecasting.data.panel import single
from stages.storage.realised import became, read_tables
from stages.storage.tables import SeriesTable, Table
from tests.support.project import ROOT

HOURS = pd.date_range("2024-03-01", periods=3, freq="h", unit="us", name="hour")


@pytest.fixture
def forecast(tmp_path):
    table = pd.DataFrame(
        {
            "unique_id": ["load"] * 3 + ["oil"] * 3,
            "ds": [*HOURS, *HOURS],
            "exactcast": [1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
            "exactcast-lo-80": [0.0, 0.0, 0.0, 9.0, 19.0, np.nan],
            "exactcast-hi-80": [2.0, 2.0, 2.0, 11.0, 21.0, np.nan],
        }
    )
    Table(tmp_path / "forecast.parquet").save(table)
    return {"mine": str(tmp_path / "forecast.parquet")}


def series(path, **columns):
    n_rows = len(next(iter(columns.values())))
    SeriesTable(path).save_panel(single(pd.DataFrame(columns, index=HOURS[:n_rows])))
    return {"path": str(path), "params": None}


def raw(path, text, **ingest):
    path.write_text(text)
    content = YAML(typ="safe").load(ROOT / "params.yaml")
    content["ingest"] |= {"time": "hour", "targets": "all", **ingest}
    return {"path": str(path), "params": content}


def panels(*tables):
    found, unread = read_tables(tables)
    assert unread == []
    return found


def test_the_first_table_that_knows_a_value_tells_it(tmp_path, forecast):
    newest = series(tmp_path / "newest", load=[1.5, np.nan], oil=[np.nan, 22.0])
    older = series(tmp_path / "older", load=[100.0, 5.0], oil=[10.0, 100.0])
    assert became(forecast, panels(newest, older)) == {
        "mine": {
            "first": "2024-03-01 00:00:00",
            "last": "2024-03-01 02:00:00",
            "series": 2,
            "steps": 3,
            "values": 6,
            "known": 4,
            "mae": {"load": 1.75, "oil": 1.0},  # (0.5 + 3) / 2 and (0 + 2) / 2
            "coverage": {"80": 0.5},  # 1.5 and 10 lie inside, 5 and 22 do not
        }
    }


def test_a_raw_table_is_read_as_the_forecast_read_it(tmp_path, forecast):
    text = "hour;load;oil\n2024-03-01 00:00;1,5;11\n2024-03-01 01:00;2;20\n2024-03-01 02:00;4;32\n"
    table = raw(tmp_path / "newest.csv", text, separator=";", decimal=",")
    found = became(forecast, panels(table))["mine"]
    assert (found["known"], found["mae"]) == (6, {"load": 0.5, "oil": 1.0})


def test_a_table_that_cannot_be_read_is_named_and_the_others_count(tmp_path, forecast):
    torn = raw(tmp_path / "torn.csv", "hour,load\n2024-03-01 00:00,many\n", targets=["load"])
    other = series(tmp_path / "other", load=[1.5], oil=[10.0])
    found, unread = read_tables([torn, other])
    assert became(forecast, found)["mine"]["known"] == 2
    (sentence,) = unread
    assert "many" in sentence


def test_a_forecast_is_described_where_no_table_is_at_hand(forecast):
    found = became(forecast, [])["mine"]
    assert (found["values"], found["known"], found["mae"]) == (6, 0, {})
    assert found["coverage"] == {"80": None}


def test_an_empty_forecast_has_no_times(tmp_path):
    empty = pd.DataFrame({"unique_id": [], "ds": HOURS[:0], "exactcast": []})
    Table(tmp_path / "forecast.parquet").save(empty)
    found = became({"none": str(tmp_path / "forecast.parquet")}, [])["none"]
    assert (found["first"], found["steps"], found["coverage"]) == (None, 0, {})
