"""Simulate: make the demo table, a transformer station hour by hour.

It stands in for a raw table of one's own; with another `ingest.raw` nothing reads it.
"""

import logging

from forecasting.data.simulation import long_layout, simulate_station
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    table = simulate_station(
        n_rows=params.simulate.rows,
        start=params.simulate.start,
        oil_time_constant=params.simulate.oil_time_constant,
        noise=params.simulate.noise.model_dump(),
        seed=params.simulate.seed,
    )
    if params.simulate.layout == "long":
        table = long_layout(table)
    artifacts.DEMO.save(table)
    log.info("simulate: %d rows from %s", len(table), table["date"].iloc[0])


if __name__ == "__main__":
    run_stage(run)
