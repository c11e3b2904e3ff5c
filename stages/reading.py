"""What `ingest` and `forecast` have in common: from a raw table to series in even steps."""

import logging

import numpy as np

from forecasting.data.assembly import panel_of
from forecasting.data.calendar import calendar_columns
from forecasting.data.gaps import missing_sentence, trimmed_sentences
from forecasting.data.panel import Panel
from forecasting.data.regularity import regular_panel
from forecasting.data.sentinels import sentinel_warnings
from foundation.errors import quoted
from foundation.params.ingest import Ingest
from stages.storage.columns import covariates_of
from stages.storage.raw_tables import read_table

log = logging.getLogger(__name__)


def read_series(ingest: Ingest, *, stage: str, to_train: bool) -> Panel:
    """Read a raw table, check it, and log what is left out, filled or suspicious.

    Args:
        ingest: What the table is and how it is read.
        stage: Which stage reads it.
        to_train: Whether a model is to learn from it: then no column may be constant.

    Raises:
        DataError: The table is not what it should be.
    """
    table = read_table(ingest)
    if table.left_out:
        names = ", ".join(map(quoted, table.left_out))
        log.info("%s: columns of text are left out: %s", stage, names)
    for warning in sentinel_warnings(table.numbers):
        log.warning("warning: %s", warning)
    raw = panel_of(table, covariates_of(ingest))
    del table
    # refuses unknown holidays and zones now, not when the training asks for them
    calendar_columns(raw.times[:1], raw.covariates.calendar, time_zone=raw.covariates.time_zone)
    series = regular_panel(
        raw,
        frequency=ingest.frequency,
        gaps=ingest.gaps,
        max_gap=ingest.max_gap,
        varying=to_train,
    )
    for sentence in trimmed_sentences(raw, series):
        log.warning("%s: %s", stage, sentence)
    missing = np.isnan(series.values[~series.ahead]).mean()
    if missing:
        log.info("%s: %s", stage, missing_sentence(missing, gaps=ingest.gaps))
    return series
