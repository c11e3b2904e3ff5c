import numpy as np
import pandas as pd
import pytest

from forecasting.data.simulation import FEATURES, long_layout, simulate_station
from foundation.errors import ParamsError

NOISE = {"load_city": 0.35, "load_industry": 0.3, "irradiance": 60.0, "ambient": 0.45, "oil": 0.15}


def station(*, n_rows=2000, start="2024-01-01", noise=NOISE, seed=7):
    return simulate_station(
        n_rows=n_rows, start=start, oil_time_constant=6.0, noise=noise, seed=seed
    )


def test_the_table_goes_hour_by_hour_from_the_start():
    table = station(n_rows=30, start="2024-02-28 22:00")

    assert list(table.columns) == ["date", *FEATURES]
    assert table["date"].iloc[[0, 1, 29]].tolist() == [
        pd.Timestamp("2024-02-28 22:00"),
        pd.Timestamp("2024-02-28 23:00"),
        pd.Timestamp("2024-03-01 03:00"),  # over the leap day
    ]


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    assert station(seed=7).equals(station(seed=7))
    assert not station(seed=7).equals(station(seed=8))


def test_values_have_three_decimals():
    values = station(n_rows=100)[list(FEATURES)].to_numpy()

    texts = [repr(float(value)) for value in values.ravel()]
    assert max(len(text.partition(".")[2]) for text in texts) == 3


def test_the_sun_shines_at_noon_and_not_at_night():
    table = station()
    by_hour = table.groupby(table["date"].dt.hour)["irradiance"].mean()

    assert by_hour[[0, 3, 22]].tolist() == [0, 0, 0]
    assert by_hour.idxmax() in (11, 12, 13)
    assert by_hour.max() > 500
    assert (table["irradiance"] >= 0).all()


def test_the_city_has_its_peak_in_the_evening_and_industry_rests_at_the_weekend():
    table = station()
    by_hour = table.groupby(table["date"].dt.hour)["load_city"].mean()
    at_noon = table[table["date"].dt.hour == 12]
    weekend = at_noon["date"].dt.day_of_week >= 5

    assert by_hour.idxmax() in (18, 19, 20)
    assert at_noon["load_industry"][weekend].mean() < at_noon["load_industry"][~weekend].mean() / 2


def test_the_day_starts_where_the_start_says():
    morning = station(n_rows=24, start="2024-06-01 12:00")

    assert morning["irradiance"].iloc[0] > 300
    assert morning["irradiance"].iloc[12] == 0  # midnight


def test_the_noise_of_the_oil_is_what_the_parameter_says():
    noisy = station(n_rows=4000)["oil"].to_numpy()
    quiet = station(n_rows=4000, noise=NOISE | {"oil": 0.0})["oil"].to_numpy()

    # all else is drawn before the oil, so the difference keeps 5/6 of itself each hour, plus noise
    difference = noisy - quiet
    entered = difference[1:] - difference[:-1] * 5 / 6
    assert entered.std() == pytest.approx(0.15, rel=0.05)
    assert np.corrcoef(entered[1:], entered[:-1])[0, 1] == pytest.approx(0, abs=0.05)


def test_noise_must_name_every_feature():
    with pytest.raises(ParamsError, match=r"simulate\.noise .*found oil"):
        station(noise={"oil": 0.15})


def test_the_long_layout_has_a_row_for_each_feature_and_hour():
    wide = pd.DataFrame({"date": [1, 2], "b": [3.5, 4.5], "a": [5.5, 6.5]})

    assert long_layout(wide).to_dict("list") == {
        "date": [1, 1, 2, 2],
        "id": ["a", "b", "a", "b"],
        "value": [5.5, 3.5, 6.5, 4.5],
    }
