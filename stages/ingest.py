"""Ingest: turn the raw table into series in even steps, checked once and trusted after."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from forecasting.data.assembly import panel_of
from forecasting.data.calendar import calendar_columns
from forecasting.data.gaps import missing_sentence, trimmed_sentences
from forecasting.data.regularity import regular_panel
from forecasting.data.roles import Covariates
from forecasting.data.sentinels import sentinel_warnings
from foundation.errors import DataError, quoted
from foundation.params import Params
from stages.runner import run_stage
from stages.storage import artifacts
from stages.storage.columns import covariates_of
from stages.storage.raw_tables import read_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    with _hint(params.ingest.raw):
        _ingest(params)


@contextmanager
def _hint(raw: str) -> Iterator[None]:
    """Add to what is wrong with a table which command describes it."""
    try:
        yield
    except DataError as wrong:
        if not Path(raw).is_file():
            raise
        raise DataError(f"{wrong} `exactcast inspect {raw}` says how it can be read.") from None


def _ingest(params: Params) -> None:
    table = read_table(params.ingest)
    if table.left_out:
        log.info("ingest: columns of text are left out: %s", ", ".join(map(quoted, table.left_out)))
    for warning in sentinel_warnings(table.numbers):
        log.warning("warning: %s", warning)
    raw = panel_of(table, covariates_of(params.ingest))
    del table
    # refuses unknown holidays and zones now, not when the training asks for them
    calendar_columns(raw.times[:1], raw.covariates.calendar, time_zone=raw.covariates.time_zone)
    series = regular_panel(
        raw,
        frequency=params.ingest.frequency,
        gaps=params.ingest.gaps,
        max_gap=params.ingest.max_gap,
    )
    artifacts.SERIES.save_panel(series)
    for sentence in trimmed_sentences(raw, series):
        log.warning("ingest: %s", sentence)
    missing = np.isnan(series.values[~series.ahead]).mean()
    if missing:
        log.info("ingest: %s", missing_sentence(missing, gaps=params.ingest.gaps))
    log.info(
        "ingest: %s, %s%d rows x %d features%s from %s to %s",
        params.ingest.raw,
        "" if series.id is None else f"{len(series.names)} series, ",
        len(series.values),
        len(series.targets),
        _described(series.covariates),
        series.times.min(),
        series.times.max(),
    )


def _described(covariates: Covariates) -> str:
    """Count the covariates of each role; nothing where there are none."""
    counts = {role: len(getattr(covariates, role)) for role in ("past", "future", "static")}
    found = [f"{n} {role} covariate{'' if n == 1 else 's'}" for role, n in counts.items() if n]
    if covariates.calendar:
        found.append(f"{len(covariates.calendar)} of the calendar")
    return f" with {', '.join(found)}" if found else ""


if __name__ == "__main__":
    run_stage(run)
