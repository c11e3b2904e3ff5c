"""Simulated shops: a long table whose sales follow from what is known ahead, and a known noise floor."""

from datetime import datetime

import numpy as np
import pandas as pd

from forecasting.data.calendar import calendar_columns

KINDS = {"city": 60.0, "suburb": 30.0, "village": 0.0}  # units sold more per day
PROMOTIONS = {"leaflet": 15.0, "none": 0.0, "television": 30.0}  # units sold more per day
PROMOTED = {"leaflet": 0.15, "none": 0.8, "television": 0.05}  # share of the weeks of a shop
HOURS = (10, 10, 10, 10, 10, 8, 6)  # open on Monday to Sunday, if not for less
USUAL_PRICE = 10.0  # euros
PER_SQUARE_METRE, PER_HOUR, ON_HOLIDAYS, OF_THE_WEEK = 0.5, 3.0, -25.0, 12.0  # units sold more
LEAST = 60.0  # units sold by no floor in no hour
DAYS_PER_WEEK = 7


def simulate_shops(
    *,
    n_shops: int,
    n_days: int,
    ahead: int,
    start: str,
    price_effect: float,
    noise: float,
    seed: int,
) -> pd.DataFrame:
    """Simulate the daily sales of shops: a sum of effects of what is known ahead, and noise.

        sales = 60 + kind + 0.5 * size + promotion + 3 * hours - 25 on Portugal's holidays
                + 12 * cos(2 pi * days since Saturday / 7) + price_effect * (price - 10) + noise

    Prices have a standard deviation of 1 and change every day without memory. So no forecast, however
    far ahead, has a root mean squared error below `noise`, and none that does not know the price has
    one below sqrt(noise^2 + price_effect^2).

    Args:
        n_shops: Shops.
        n_days: Days with sales.
        ahead: Days after them, of which only price, promotion and hours are known.
        start: The first day, ISO 8601.
        price_effect: Units sold more per euro.
        noise: Standard deviation of what is sold more or less by chance, in units.
        seed: Seed of all that is drawn.

    Returns:
        Columns `date`, `store`, `sales`, `price`, `promotion`, `hours`, `kind`, `size`; a row per day
        and shop, sorted by them.
    """
    rng = np.random.default_rng(seed)
    dates = pd.date_range(datetime.fromisoformat(start), periods=n_days + ahead, unit="us")
    shape = (len(dates), n_shops)
    size = rng.integers(40, 200, n_shops)  # m2
    kind = np.resize(list(KINDS), n_shops)
    price = np.round(USUAL_PRICE + rng.normal(size=shape), 2)
    promotion = _promotions(rng, dates, n_shops)
    hours = np.array(HOURS)[dates.day_of_week][:, None] - rng.integers(0, 3, shape)
    sales = (
        LEAST
        + np.vectorize(KINDS.get)(kind)
        + PER_SQUARE_METRE * size
        + np.vectorize(PROMOTIONS.get)(promotion)
        + PER_HOUR * hours
        + _of_the_calendar(dates)[:, None]
        + price_effect * (price - USUAL_PRICE)
        + rng.normal(scale=noise, size=shape)
    ).round(1)
    sales[n_days:] = np.nan
    stores = [f"s{number:0{len(str(n_shops))}}" for number in range(1, n_shops + 1)]
    return pd.DataFrame(
        {
            "date": np.repeat(dates, n_shops),
            "store": np.tile(stores, len(dates)),
            "sales": sales.ravel(),
            "price": price.ravel(),
            "promotion": promotion.ravel(),
            "hours": hours.ravel(),
            "kind": np.tile(kind, len(dates)),
            "size": np.tile(size, len(dates)),
        }
    )


def _promotions(rng: np.random.Generator, dates: pd.DatetimeIndex, n_shops: int) -> np.ndarray:
    """Draw how each shop is promoted, week by week from Monday on; shape (dates, shops)."""
    week = (np.arange(len(dates)) + dates[0].day_of_week) // DAYS_PER_WEEK
    drawn = rng.choice(list(PROMOTED), size=(week[-1] + 1, n_shops), p=list(PROMOTED.values()))
    return np.asarray(drawn[week])


def _of_the_calendar(dates: pd.DatetimeIndex) -> np.ndarray:
    """Return what is sold more because of the weekday and on holidays, shape (dates,)."""
    holiday = calendar_columns(dates, ["holidays:PT"])[:, 0]
    since_saturday = dates.day_of_week.to_numpy() - 5
    rhythm = np.cos(2 * np.pi * since_saturday / DAYS_PER_WEEK)
    return ON_HOLIDAYS * holiday + OF_THE_WEEK * rhythm
