"""What a person sees of the kept forecasts."""

from pipeline.cli.display.forecasts import forecasts_text
from pipeline.runs.forecasts import KeptForecast

OWN = KeptForecast(
    "epochs-20-a1b2", "2026-11-24T06:00:03+00:00", "epochs-20-a1b2", first="2026-11-24 00:00:00",
    last="2026-11-24 23:00:00", series=7, steps=24, values=168, known=168,
    mae={"load": 1.0, "oil": 2.5}, coverage={"80": 0.8125, "90": 1.0},
)  # fmt: skip
NEWER = KeptForecast(
    "forecast-2026-11-25-0605-cd34", "2026-11-25T06:05:00+00:00", "epochs-20-a1b2",
    first="2026-11-25 06:00:00", last="2026-11-26 05:00:00", series=7, steps=24, values=168,
    coverage={"80": None, "90": None},
)  # fmt: skip
LOST = KeptForecast(
    "seed-1-ee55", "2026-11-25T07:00:00+00:00", "seed-1-ee55", missing="It is gone."
)


def test_each_forecast_is_shown_with_what_it_is_of_and_what_became_of_it():
    assert forecasts_text([OWN, NEWER, LOST]).splitlines() == [
        "run                            when (UTC)          outcomes   MAE  in 80%  in 90%",
        "epochs-20-a1b2                 2026-11-24 06:00  168 of 168  1.75     81%    100%",
        "    7 series, 24 steps, 2026-11-24 00:00 to 2026-11-24 23:00, mean MAE of all targets",
        "forecast-2026-11-25-0605-cd34  2026-11-25 06:05    0 of 168     -       -       -",
        "    7 series, 24 steps, 2026-11-25 06:00 to 2026-11-26 05:00, by the model of epochs-20-a1b2",
        "seed-1-ee55                    2026-11-25 07:00           -     -       -       -",
        "    It is gone.",
    ]


def test_it_fits_a_terminal_of_eighty_columns():
    assert max(map(len, forecasts_text([OWN, NEWER, LOST], 80).splitlines())) <= 80


def test_an_empty_forecast_and_no_forecast_are_said():
    empty = KeptForecast("mine", "2026-11-24T06:00:03+00:00", "mine")
    assert forecasts_text([empty]).splitlines()[1:] == [
        "mine  2026-11-24 06:00    0 of 0    -",
        "    nothing is forecast",
    ]
    assert forecasts_text([]).startswith("No forecast is kept yet.")
