"""Simulate: make the demo table, a transformer station hour by hour, or shops day by day.

It stands in for a raw table of one's own; with another `ingest.raw` nothing reads it.
"""

import logging

import pandas as pd

from forecasting.data.shops import simulate_shops
from forecasting.data.simulation import long_layout, simulate_station
from foundation.params import Params
from foundation.params.simulate import Simulate
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    simulated = params.simulate
    table = _shops(simulated) if simulated.table == "shops" else _station(simulated)
    artifacts.DEMO.save(table)
    log.info("simulate: %d rows from %s", len(table), table["date"].iloc[0])


def _station(simulated: Simulate) -> pd.DataFrame:
    table = simulate_station(
        n_rows=simulated.rows,
        start=simulated.start,
        oil_time_constant=simulated.oil_time_constant,
        noise=simulated.noise.model_dump(),
        seed=simulated.seed,
    )
    return long_layout(table) if simulated.layout == "long" else table


def _shops(simulated: Simulate) -> pd.DataFrame:
    return simulate_shops(
        n_shops=simulated.shops.stores,
        n_days=simulated.shops.days,
        ahead=simulated.shops.ahead,
        start=simulated.start,
        price_effect=simulated.shops.price_effect,
        noise=simulated.shops.noise,
        seed=simulated.seed,
    )


if __name__ == "__main__":
    run_stage(run)
