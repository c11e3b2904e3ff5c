from pipeline.cli.display.forecast import forecast_text, levels_shown, wide_text
from pipeline.runs.forecast_table import ForecastTable, read_forecast, wide

LONG = """\
unique_id,ds,exactcast,exactcast-lo-80,exactcast-hi-80
load,2024-03-30 23:00:00,1234.5678,1200.0,1300.25
load,2024-03-31 00:00:00,0.5,,
oil,2024-03-30 23:00:00,7.0,6.0,8.0
oil,2024-03-31 00:00:00,-7.25,-8.0,8.0
"""


def test_each_series_has_its_steps_with_their_intervals():
    assert forecast_text(read_forecast(LONG), None, 80) == (
        "load\n"
        "time              forecast          80 %\n"
        "2024-03-30 23:00      1235  1200 to 1300\n"
        "2024-03-31 00:00       0.5\n"
        "\n"
        "oil\n"
        "time              forecast     80 %\n"
        "2024-03-30 23:00         7   6 to 8\n"
        "2024-03-31 00:00     -7.25  -8 to 8"
    )


def test_times_are_those_of_the_clocks_where_the_data_come_from():
    lines = forecast_text(read_forecast(LONG), "Europe/Berlin", 80).splitlines()
    assert [line[:16] for line in lines[2:4]] == ["2024-03-31 00:00", "2024-03-31 01:00"]


def test_dates_stay_dates_in_any_zone():
    daily = ForecastTable(["unique_id", "ds", "exactcast"], [["a", "2024-03-31", "1.0"]])
    assert "2024-03-31 " in forecast_text(daily, "America/New_York", None)


def test_a_wide_table_shows_the_forecasts_alone():
    inputs = {"id": None, "targets": ["load", "oil"]}
    assert wide_text(wide(read_forecast(LONG), inputs), None, None) == (
        "time              load    oil\n"
        "2024-03-30 23:00  1235      7\n"
        "2024-03-31 00:00   0.5  -7.25"
    )


def test_intervals_that_do_not_fit_into_the_terminal_are_left_out_from_the_last_on():
    levels = (80, 90, 95)
    names = [f"exactcast-{end}-{level}" for level in levels for end in ("lo", "hi")]
    row = ["x", "2024-03-30 23:00:00", *["-1.2346e+06"] * 7]
    table = ForecastTable(["unique_id", "ds", "exactcast", *names], [row])
    lines = forecast_text(table, None, 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split("  ")[-1].strip() == "90 %"
    assert levels_shown(table, None, 80) == ["80", "90"]
    assert levels_shown(table, None, None) == ["80", "90", "95"]
