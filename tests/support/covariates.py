"""A small long table with every kind of covariate, for tests."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

SHOPS = (
    "ingest.time=day", "ingest.id=shop", "ingest.past_covariates=[visitors, sky]",
    "ingest.future_covariates=[price, event]", "ingest.static_covariates=[kind, size]",
    "ingest.calendar=[weekday, holidays:PT]", "windowing.lookback=7", "windowing.horizon=3",
    "split.method=chronological", "split.gap=0", "train.epochs=1", "train.batch_size=64",
    "model.layers.0.units=5", "ingest.frequency=D", "forecast.horizon=3",
)  # fmt: skip
STATICS = {"north": ("city", 120), "park": ("suburb", 60), "south": ("city", 45)}


def shops_table(*, days: int = 120, ahead: int = 5) -> pd.DataFrame:
    """Three shops; the last rows of each have only what is known ahead."""
    return pd.concat([_shop(name, days, ahead) for name in STATICS]).sort_values(
        ["day", "shop"], kind="stable", ignore_index=True
    )


def _shop(name: str, days: int, ahead: int) -> pd.DataFrame:
    rng = np.random.default_rng([*name.encode()])
    rows = days + ahead
    price = 10 + rng.normal(size=rows).round(2)
    table = pd.DataFrame(
        {
            "day": pd.date_range("2024-02-01", periods=rows).strftime("%Y-%m-%d"),
            "shop": name,
            "sales": (100 - 5 * (price - 10) + rng.normal(size=rows)).round(3),
            "visitors": (300 + 10 * rng.normal(size=rows)).round(0),
            "sky": rng.choice(["clear", "cloudy", "rain"], rows),
            "price": price,
            "event": rng.choice(["fair", "none", "none", "none"], rows),
            "kind": STATICS[name][0],
            "size": STATICS[name][1],
        }
    )
    table.loc[days:, ["sales", "visitors", "sky"]] = None
    return table


def csv(table: pd.DataFrame) -> bytes:
    """Write a table as a raw table has it."""
    return table.to_csv(index=False).encode()


Scores = dict[str, Any]
Chain = Callable[..., Scores]
