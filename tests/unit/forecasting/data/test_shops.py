import numpy as np
import pandas as pd
import pytest

from forecasting.data.shops import simulate_shops

HOLIDAYS = pd.to_datetime(["2023-04-25", "2023-05-01", "2023-12-25"])  # some of Portugal's


def shops(*, n_shops=30, n_days=400, ahead=3, start="2023-01-01", effect=-8.0, noise=6.0, seed=7):
    return simulate_shops(
        n_shops=n_shops, n_days=n_days, ahead=ahead, start=start,
        price_effect=effect, noise=noise, seed=seed,
    )  # fmt: skip


def fitted(table):
    """Regress the sales on everything that is known; return effects by name, and what is left."""
    known = table.dropna(subset="sales")
    days = known["date"].dt.day_of_week.to_numpy()
    columns = {
        "price": known["price"] - 10,
        "hours": known["hours"],
        "size": known["size"],
        "city": known["kind"] == "city",
        "suburb": known["kind"] == "suburb",
        "leaflet": known["promotion"] == "leaflet",
        "television": known["promotion"] == "television",
        "holiday": known["date"].isin(HOLIDAYS),
        "saturday": np.cos(2 * np.pi * (days - 5) / 7),
        "least": 1.0,
    }
    known_columns = pd.DataFrame(columns, index=known.index).astype(float)
    effects, *_ = np.linalg.lstsq(known_columns.to_numpy(), known["sales"].to_numpy())
    left = known["sales"] - known_columns.to_numpy() @ effects
    return dict(zip(columns, effects, strict=True)), left


def test_there_is_a_row_for_each_day_and_shop_and_the_last_days_have_no_sales():
    table = shops(n_shops=12, n_days=5, ahead=2, start="2024-02-27")

    assert table["date"].unique().tolist() == list(pd.date_range("2024-02-27", periods=7))
    assert table["store"][:12].tolist() == [f"s{number:02}" for number in range(1, 13)]
    ahead = table["date"] > pd.Timestamp("2024-03-02")
    assert table["sales"].isna().tolist() == ahead.tolist()
    assert table.drop(columns="sales").notna().all(axis=None)


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    assert shops(seed=7).equals(shops(seed=7))
    assert not shops(seed=7).equals(shops(seed=8))


def test_size_and_kind_are_those_of_the_shop_and_promotions_those_of_a_week_from_monday():
    table = shops()
    by_week = table["date"].dt.to_period("W-SUN")

    assert (table.groupby("store")[["kind", "size"]].nunique() == 1).all(axis=None)
    assert (table.groupby(["store", by_week])["promotion"].nunique() == 1).all()
    assert set(table["promotion"]) == {"leaflet", "none", "television"}


def test_sales_are_the_sum_of_the_documented_effects_and_noise():
    table = shops()
    in_months_without = table["date"].dt.month.isin([7, 9])
    effects, left = fitted(table[in_months_without | table["date"].isin(HOLIDAYS)])

    expected = {
        "price": -8, "hours": 3, "size": 0.5, "city": 60, "suburb": 30, "leaflet": 15,
        "television": 30, "holiday": -25, "saturday": 12, "least": 60,
    }  # fmt: skip
    assert effects == pytest.approx(expected, rel=0.12)
    assert left.std() == pytest.approx(6, rel=0.05)


def test_nothing_of_the_noise_or_of_a_price_is_known_from_the_day_before():
    table = shops(effect=0.0)
    quiet = shops(effect=0.0, noise=0.0)
    for entered in (table["sales"] - quiet["sales"], table["price"]):
        by_shop = entered.to_numpy().reshape(-1, 30)[:400]
        assert np.corrcoef(by_shop[1:].ravel(), by_shop[:-1].ravel())[0, 1] == pytest.approx(
            0, abs=0.03
        )
