"""A simulated transformer station: a table with real dynamics and a known noise floor."""

from datetime import datetime

import numpy as np
import pandas as pd

from foundation.errors import ParamsError

FEATURES = ("load_city", "load_industry", "irradiance", "ambient", "oil")
HOURS_PER_DAY = 24


def simulate_station(
    *, n_rows: int, start: str, oil_time_constant: float, noise: dict[str, float], seed: int
) -> pd.DataFrame:
    """Simulate a station hour by hour: weather drives load, and both drive the oil.

    Every feature but the oil is a daily (and, for the loads, weekly) profile plus an
    autoregressive deviation of order one. The oil follows load and weather through a lag of first
    order, the usual model of top-oil temperature (IEC 60076-7, differential form):

        oil[t+1] = oil[t] + (target[t] - oil[t]) / oil_time_constant + noise
        target   = ambient + 28 * (load / 30)^1.6 + 0.006 * irradiance

    The noise that enters at each step cannot be known before, so `noise` is also the root mean
    squared error of the best possible forecast one step ahead.

    Args:
        n_rows: Hours to simulate.
        start: Time of the first row, ISO 8601.
        oil_time_constant: Lag of the oil, in hours, above 1.
        noise: Standard deviation of what enters each feature per hour, by name of FEATURES, in
            the feature's unit: MW, MW, W/m2, degrees Celsius, degrees Celsius.
        seed: Seed of the noise.

    Returns:
        Columns `date` and FEATURES, rounded to 3 decimals.

    Raises:
        ParamsError: `noise` does not name exactly FEATURES.
    """
    if set(noise) != set(FEATURES):
        raise ParamsError(
            f"simulate.noise must give one number for each of {', '.join(FEATURES)}; "
            f"found {', '.join(sorted(noise))}."
        )
    rng = np.random.default_rng(seed)
    dates = pd.date_range(datetime.fromisoformat(start), periods=n_rows, freq="h", unit="us")
    hour = np.arange(n_rows) + dates[0].hour  # (rows,)
    day = hour % HOURS_PER_DAY
    weekend = (dates.day_of_week >= 5).astype(float)
    year = 2 * np.pi * (dates.day_of_year.to_numpy() + day / HOURS_PER_DAY) / 365.25

    def deviation(feature: str, memory: float) -> np.ndarray:
        return _autoregression(rng.normal(scale=noise[feature], size=n_rows), memory)

    sun = np.clip(np.sin(2 * np.pi * (day - 6) / HOURS_PER_DAY), 0, None)  # 0 at night
    irradiance = np.clip(650 * sun + sun * deviation("irradiance", 0.8), 0, None)
    ambient = (
        12
        - 9 * np.cos(year)
        + 4 * np.sin(2 * np.pi * (day - 9) / HOURS_PER_DAY)
        + deviation("ambient", 0.97)
    )
    peaks = np.exp(-(((day - 8) / 2.5) ** 2)) + 1.3 * np.exp(-(((day - 19) / 3.0) ** 2))
    load_city = (
        9
        + 7 * peaks * (1 - 0.25 * weekend)
        + 0.25 * np.clip(15 - ambient, 0, None)
        + deviation("load_city", 0.9)
    )
    shift = 1 / (1 + np.exp(-(day - 6.5) * 2)) - 1 / (1 + np.exp(-(day - 17.5) * 2))
    load_industry = 3 + 8 * shift * (1 - 0.85 * weekend) + deviation("load_industry", 0.85)
    load = np.clip(load_city + load_industry, 0, None)
    target = ambient + 28 * (load / 30) ** 1.6 + 0.006 * irradiance
    oil = _first_order_lag(target, oil_time_constant, rng.normal(scale=noise["oil"], size=n_rows))
    table = pd.DataFrame(
        {
            "load_city": load_city,
            "load_industry": load_industry,
            "irradiance": irradiance,
            "ambient": ambient,
            "oil": oil,
        }
    ).round(3)
    table.insert(0, "date", dates)
    return table


def long_layout(table: pd.DataFrame) -> pd.DataFrame:
    """Write a wide table with one row for each feature and hour: `date`, `id`, `value`.

    Args:
        table: Column `date` and the features.
    """
    rows = table.melt("date", var_name="id", value_name="value")
    return rows.sort_values(["date", "id"], kind="stable", ignore_index=True)


def _autoregression(innovations: np.ndarray, memory: float) -> np.ndarray:
    """Sum past innovations, each weighted by memory^age; shape (rows,)."""
    values = np.empty_like(innovations)
    value = 0.0
    for row, innovation in enumerate(innovations):
        value = memory * value + innovation
        values[row] = value
    return values


def _first_order_lag(target: np.ndarray, time_constant: float, noise: np.ndarray) -> np.ndarray:
    """Follow the target with a lag, starting in balance; shape (rows,)."""
    values = np.empty_like(target)
    value = target[0]
    for row in range(len(target)):
        values[row] = value
        value += (target[row] - value) / time_constant + noise[row]
    return values
