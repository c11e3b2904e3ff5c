import json

import pytest

from foundation.errors import DataError
from pipeline.runs.forecast_table import ForecastTable, csv_text, json_text, read_forecast, wide

LONG = """\
unique_id,ds,exactcast,exactcast-lo-80,exactcast-hi-80,exactcast-lo-90,exactcast-hi-90
load,2024-03-01 00:00:00,1.5,1.0,2.0,0.5,2.5
load,2024-03-01 01:00:00,1.25,0.75,1.75,,
oil,2024-03-01 00:00:00,7.0,6.0,8.0,5.0,9.0
oil,2024-03-01 01:00:00,7.5,6.5,8.5,,
"""
ONE_SERIES = {"id": None, "targets": ["oil", "load"]}


def ids(table: ForecastTable) -> list[str]:
    return [row[0] for row in table.rows]


def test_a_table_is_written_as_it_was_read():
    assert csv_text(read_forecast(LONG)) == LONG


def test_the_first_steps_are_those_of_each_series():
    table = read_forecast(LONG).first_steps(1)
    assert [row[:3] for row in table.rows] == [
        ["load", "2024-03-01 00:00:00", "1.5"],
        ["oil", "2024-03-01 00:00:00", "7.0"],
    ]


def test_series_are_chosen_by_their_id_or_by_what_stands_before_its_target():
    table = read_forecast(LONG)
    assert ids(table.only_series(["oil"])) == ["oil", "oil"]
    shops = ForecastTable(table.header, [["a/sales", "1"], ["a/visits", "1"], ["ab/sales", "1"]])
    assert ids(shops.only_series(["a"])) == ["a/sales", "a/visits"]
    assert ids(shops.only_series(["ab/sales"])) == ["ab/sales"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("oli", "The nearest name is 'oil'."), ("x", "It has 'load', 'oil'.")],
)
def test_a_series_that_is_not_there_is_named_with_the_nearest(name, hint):
    with pytest.raises(DataError) as refused:
        read_forecast(LONG).only_series([name])
    assert str(refused.value) == f"--series {name}: the forecast has no series of that name. {hint}"


def test_intervals_are_kept_in_the_order_asked_for():
    table = read_forecast(LONG).only_levels(["90", "80"])
    assert table.header[3:5] == ["exactcast-lo-90", "exactcast-hi-90"]
    assert table.rows[0][3:] == ["0.5", "2.5", "1.0", "2.0"]
    assert read_forecast(LONG).only_levels(["80"]).levels == ["80"]


def test_an_interval_that_was_not_calibrated_is_refused():
    with pytest.raises(DataError, match="no interval of 95 per cent was calibrated, but of 80, 90"):
        read_forecast(LONG).only_levels(["95"])


def test_json_holds_numbers_and_null_where_nothing_is_known():
    names = ["unique_id", "ds", "exactcast", "lo%"]
    table = ForecastTable(
        names, [['a "b"\n', "2024-03-01", "1.25", ""], ["ü", "1", "-1e-07", "7.0"]]
    )
    assert json.loads(json_text(table)) == [
        {"unique_id": 'a "b"\n', "ds": "2024-03-01", "exactcast": 1.25, "lo%": None},
        {"unique_id": "ü", "ds": "1", "exactcast": -1e-07, "lo%": 7.0},
    ]
    assert json_text(table) == json.dumps(json.loads(json_text(table)), indent=2)
    assert json_text(ForecastTable(names, [])) == "[]"


def test_the_first_series_are_kept_whole_and_the_others_counted():
    table = read_forecast(LONG)
    assert table.first_series(1) == (table.only_series(["load"]), 1)
    assert table.first_series(2) == (table, 0)
    in_columns = wide(table, ONE_SERIES)
    assert in_columns.first_series(1) == (in_columns, 0)


def test_a_wide_table_has_the_targets_in_the_order_of_the_model():
    table = wide(read_forecast(LONG).only_levels(["80"]), ONE_SERIES)
    assert table.header == [
        "ds", "oil", "oil-lo-80", "oil-hi-80", "load", "load-lo-80", "load-hi-80"
    ]  # fmt: skip
    assert table.rows[0] == ["2024-03-01 00:00:00", "7.0", "6.0", "8.0", "1.5", "1.0", "2.0"]


def test_a_wide_table_of_many_series_has_a_row_for_each_series_and_time():
    rows = [["a/b/x", "1", "2"], ["a/b/y", "1", "3"], ["c/x", "1", "4"], ["c/y", "1", "5"]]
    long = ForecastTable(["unique_id", "ds", "exactcast"], rows)
    assert wide(long, {"id": "shop", "targets": ["x", "y"]}) == ForecastTable(
        ["unique_id", "ds", "x", "y"], [["a/b", "1", "2", "3"], ["c", "1", "4", "5"]]
    )
    one = ForecastTable(["unique_id", "ds", "exactcast"], [["a/b", "1", "2"]])
    assert wide(one, {"id": "shop", "targets": ["x"]}).rows == [["a/b", "1", "2"]]
