"""Ingest: turn the raw table into series in even steps, checked once and trusted after."""

import logging

import numpy as np

from forecasting.data.gaps import missing_sentence, trimmed_sentences
from forecasting.data.panel import Panel, single, stack
from forecasting.data.raw_table import RawTable
from forecasting.data.regularity import regular_panel
from forecasting.data.sentinels import sentinel_warnings
from foundation.errors import quoted
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.raw_tables import read_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    table = read_table(params.ingest)
    if table.left_out:
        log.info("ingest: columns of text are left out: %s", ", ".join(map(quoted, table.left_out)))
    for warning in sentinel_warnings(table.numbers):
        log.warning("warning: %s", warning)
    raw = _as_panel(table)
    del table
    series = regular_panel(
        raw,
        frequency=params.ingest.frequency,
        gaps=params.ingest.gaps,
        max_gap=params.ingest.max_gap,
    )
    artifacts.SERIES.save_panel(series)
    for sentence in trimmed_sentences(raw, series):
        log.warning("ingest: %s", sentence)
    missing = np.isnan(series.values).mean()
    if missing:
        log.info("ingest: %s", missing_sentence(missing, gaps=params.ingest.gaps))
    log.info(
        "ingest: %s, %s%d rows x %d features from %s to %s",
        params.ingest.raw,
        "" if series.id is None else f"{len(series.names)} series, ",
        *series.values.shape,
        series.times.min(),
        series.times.max(),
    )


def _as_panel(table: RawTable) -> Panel:
    return single(table.numbers) if table.ids.empty else stack(table.numbers, table.ids)


if __name__ == "__main__":
    run_stage(run)
