from pathlib import Path

import pytest

from pipeline.cli.display import forecast as display
from pipeline.cli.display.forecast import forecast_text, levels_shown, wide_text
from pipeline.cli.display.formats import Format
from pipeline.runs.forecast_answer import Answer
from pipeline.runs.forecast_table import ForecastTable, read_forecast, wide
from pipeline.versioning.checkout import Checkout

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
        "2024-03-31 00:00         0\n"
        "\n"
        "oil\n"
        "time              forecast             80 %\n"
        "2024-03-30 23:00     7.000   6.000 to 8.000\n"
        "2024-03-31 00:00    -7.250  -8.000 to 8.000"
    )


def test_times_are_those_of_the_clocks_where_the_data_come_from():
    lines = forecast_text(read_forecast(LONG), "Europe/Berlin", 80).splitlines()
    assert [line[:16] for line in lines[2:4]] == ["2024-03-31 00:00", "2024-03-31 01:00"]


@pytest.mark.parametrize(
    ("zone", "shown"), [("+01:00", "00:30"), ("-0230", "21:00"), ("UTC", "23:30")]
)
def test_a_zone_may_be_an_offset(zone, shown):
    table = ForecastTable(["unique_id", "ds", "exactcast"], [["a", "2024-03-30 23:30:00", "1.0"]])
    assert f" {shown} " in forecast_text(table, zone, None)


def test_dates_stay_dates_in_any_zone():
    daily = ForecastTable(["unique_id", "ds", "exactcast"], [["a", "2024-03-31", "1.0"]])
    assert "2024-03-31 " in forecast_text(daily, "America/New_York", None)


def test_a_wide_table_shows_the_forecasts_alone():
    inputs = {"id": None, "targets": ["load", "oil"]}
    assert wide_text(wide(read_forecast(LONG), inputs), None, None) == (
        "time              load     oil\n"
        "2024-03-30 23:00  1235   7.000\n"
        "2024-03-31 00:00     0  -7.250"
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


def printed(monkeypatch, capsysbinary, *, most: int | None, on_terminal: bool) -> tuple[str, str]:
    """Print the forecast as text; return what stdout and stderr got."""
    monkeypatch.setattr(display, "screen_width", lambda: 80 if on_terminal else None)
    inputs = {"id": None, "targets": ["load", "oil"], "time_zone": None}
    answer = Answer(read_forecast(LONG), inputs, "forecasts/forecast.csv", [])
    checkout = Checkout(Path())
    display.print_forecast(
        checkout, answer, how=Format.text, in_columns=False, output=None, most=most
    )
    out, err = capsysbinary.readouterr()
    return out.decode(), err.decode()


def test_a_terminal_shows_the_first_series_and_says_how_many_there_are(monkeypatch, capsysbinary):
    out, err = printed(monkeypatch, capsysbinary, most=1, on_terminal=True)
    assert out == f"{forecast_text(read_forecast(LONG).only_series(['load']), None, 80)}\n"
    assert err == (
        "Not shown: 1 more series. --series NAME shows one, --format csv prints all.\n"
        "forecast  forecasts/forecast.csv\n"
    )


def test_all_series_are_shown_where_they_are_asked_for_or_no_terminal_is(monkeypatch, capsysbinary):
    whole = forecast_text(read_forecast(LONG), None, None)
    for most, on_terminal in ((None, True), (1, False)):
        out, err = printed(monkeypatch, capsysbinary, most=most, on_terminal=on_terminal)
        assert out == f"{whole}\n"
        assert "Not shown" not in err
