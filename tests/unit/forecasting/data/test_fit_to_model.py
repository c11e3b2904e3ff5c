from dataclasses import replace

import pandas as pd
import pytest

from forecasting.data.fit_to_model import check_fits
from forecasting.data.panel import single
from forecasting.data.roles import Covariates, ModelInputs
from foundation.errors import DataError

HOURS = pd.date_range("2024-03-01", periods=5, freq="h", unit="us")
DAYS = pd.date_range("2024-03-01", periods=5, freq="D", unit="us")
LOAD = ModelInputs(("load",))


def series(times=HOURS, *, zone=None, sky=False):
    """Five rows of a load, and of the sky as text."""
    names = ["load", "sky"] if sky else ["load"]
    panel = single(pd.DataFrame({name: range(len(times)) for name in names}, index=times))
    covariates = Covariates(past=("sky",) if sky else (), time_zone=zone)
    return replace(panel, covariates=covariates)


def in_zone(zone):
    return ModelInputs(("load",), Covariates(time_zone=zone))


def check(panel, inputs=LOAD, *, step="h", day_begins=None, frequency="infer"):
    check_fits(
        panel, inputs, step=step, day_begins=day_begins, frequency=frequency, table="newer.csv"
    )


def refusal(*arguments, **known):
    with pytest.raises(DataError) as refused:
        check(*arguments, **known)
    text = str(refused.value)
    assert text.startswith("newer.csv does not fit the model: ")
    return text.removeprefix("newer.csv does not fit the model: ")


def test_a_series_like_the_one_that_the_model_was_trained_on_fits():
    check(series())
    check(series(DAYS), step="D", day_begins="00:00:00")
    check(series(zone="Europe/Lisbon"), in_zone("Europe/Lisbon"))


def test_times_with_an_offset_do_not_fit_a_model_of_times_without():
    assert refusal(series(zone="UTC")).startswith("its times have a UTC offset, and those that")


def test_times_without_an_offset_do_not_fit_a_model_of_times_with_one():
    assert refusal(series(), in_zone("UTC")).startswith("its times have no UTC offset, and those")


def test_another_zone_does_not_fit():
    sentence = refusal(series(zone="Europe/Berlin"), in_zone("Europe/Lisbon"))
    assert sentence.startswith(
        "its time zone is Europe/Berlin, and the model was trained with Europe/Lisbon."
    )


def test_days_that_begin_at_another_time_do_not_fit():
    late = DAYS - pd.Timedelta(hours=1)
    assert refusal(series(late), step="D", day_begins="00:00:00").startswith(
        "the time of day of its steps is 23:00:00, and the model was trained with 00:00:00."
    )


def test_another_step_does_not_fit():
    assert refusal(series(HOURS[::2])).startswith(
        "its step is 2h, and the model was trained with h."
    )


def test_rows_on_which_a_step_was_laid_fit_however_few_they_are():
    check(series(HOURS[:1]), frequency="h")
    check(series(DAYS[:1]), step="D", day_begins="00:00:00", frequency="D")
    check(series(DAYS[[0, 1, 4]]), step="D", day_begins="00:00:00", frequency="rows")


def test_numbers_where_the_model_reads_text_do_not_fit():
    inputs = ModelInputs(("load",), Covariates(past=("sky",)), {"sky": ("clear", "rain")})
    assert refusal(series(sky=True), inputs).startswith(
        "its list of columns of text is none, and the model was trained with 'sky'."
    )
    text = replace(series(sky=True), labels={"sky": ("0", "1", "2", "3", "4")})
    assert refusal(text, ModelInputs(("load",), inputs.covariates)).startswith(
        "its list of columns of text is 'sky', and the model was trained with none."
    )
