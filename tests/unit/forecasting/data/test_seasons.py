import pandas as pd
import pytest

from forecasting.data.seasons import choose_season, natural_season
from foundation.errors import ParamsError


def times(step, periods=50):
    return pd.date_range("2024-01-01", periods=periods, freq=step)


@pytest.mark.parametrize(
    ("step", "rows"),
    [
        ("h", 24), ("15min", 96), ("min", 1440), ("2h", 12), ("12h", 2), ("7h", 24),
        ("D", 7), ("B", 5), ("W", 52), ("7D", 52), ("MS", 12), ("ME", 12), ("2MS", 6),
        ("QS", 4), ("QE", 4),
    ],
)  # fmt: skip
def test_the_season_is_the_day_the_week_or_the_year_that_the_step_suggests(step, rows):
    assert natural_season(times(step)) == rows


@pytest.mark.parametrize("step", ["5h", "24D", "YS", "5MS", "2W", "SME"])
def test_a_step_that_fits_no_season_has_none(step):
    assert natural_season(times(step)) is None


def test_two_rows_suggest_no_season():
    assert natural_season(times("h", periods=2)) is None


def test_auto_takes_the_natural_season_where_it_fits():
    season = choose_season("auto", times("MS", 36), known=12)

    assert (season.rows, season.sentence) == (12, None)


def test_auto_leaves_the_seasonal_baseline_out_where_the_season_does_not_fit_and_says_so():
    season = choose_season("auto", times("h"), known=23)

    assert season.rows is None
    assert "a season has 24 rows, and only 23 are known" in season.sentence


def test_auto_says_that_a_step_suggests_no_season():
    season = choose_season("auto", times("YS", 20), known=5)

    assert season.rows is None
    assert "suggests no season" in season.sentence


def test_a_season_longer_than_what_is_known_is_refused_and_the_natural_one_named():
    with pytest.raises(
        ParamsError,
        match=r"evaluate.season=24 is longer than the 12 rows .* 12 or less.*a season of 12 rows",
    ):
        choose_season(24, times("MS", 36), known=12)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (7, None),
        (14, None),
        (24, "The step of the table suggests a season of 7 rows, evaluate.season is 24."),
    ],
)
def test_a_season_that_is_no_multiple_of_the_natural_one_is_taken_with_a_remark(asked, sentence):
    season = choose_season(asked, times("D"), known=30)

    assert (season.rows, season.sentence) == (asked, sentence)


def test_several_seasons_are_several_baselines():
    season = choose_season([24, 168], times("h"), known=168)

    assert (season.rows, season.others, season.sentence) == (24, (168,), None)
    assert season.lengths == {"seasonal_naive": 24, "seasonal_naive_168": 168}
    assert choose_season(24, times("h"), known=24).lengths == {"seasonal_naive": 24}
    assert choose_season("auto", times("YS", 20), known=5).lengths == {}


def test_each_of_several_seasons_has_to_fit_what_is_known():
    with pytest.raises(ParamsError, match=r"evaluate\.season=168 is longer than the 100 rows"):
        choose_season([24, 168], times("h"), known=100)


def test_a_remark_is_made_where_none_of_several_seasons_is_natural():
    assert choose_season([30, 24], times("h"), known=168).sentence is None
    assert choose_season([30, 40], times("h"), known=168).sentence.endswith(
        "evaluate.season is 30."
    )
