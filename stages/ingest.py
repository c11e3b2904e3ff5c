"""Ingest: turn the raw table into a series in even steps, checked once and trusted after."""

import logging

from forecasting.data.regularity import regular_series
from forecasting.data.sentinels import sentinel_warnings
from foundation.errors import quoted
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.raw_tables import read_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    raw = read_table(params.ingest)
    if raw.left_out:
        log.info("ingest: columns of text are left out: %s", ", ".join(map(quoted, raw.left_out)))
    table = raw.numbers
    for warning in sentinel_warnings(table):
        log.warning("warning: %s", warning)
    series = regular_series(
        table,
        frequency=params.ingest.frequency,
        gaps=params.ingest.gaps,
        max_gap=params.ingest.max_gap,
    )
    artifacts.SERIES.save(series)
    if series.index[0] > table.index[0]:
        log.warning(
            "ingest: the rows before %s are left out: not every feature has begun", series.index[0]
        )
    missing = series.isna().to_numpy().mean()
    if missing:
        log.info("ingest: %.1f %% of the values are missing, and filled to be read", 100 * missing)
    log.info(
        "ingest: %s, %d rows x %d features from %s to %s",
        params.ingest.raw,
        *series.shape,
        series.index[0],
        series.index[-1],
    )


if __name__ == "__main__":
    run_stage(run)
