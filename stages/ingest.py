"""Ingest: turn the raw table into series in even steps, checked once and trusted after."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forecasting.data.roles import Covariates
from foundation.errors import DataError
from foundation.params import Params
from stages.reading import read_series
from stages.runner import run_stage
from stages.storage import artifacts

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    with _hint(params.ingest.raw):
        series = read_series(params.ingest, stage="ingest", to_train=True)
    artifacts.SERIES.save_panel(series)
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


@contextmanager
def _hint(raw: str) -> Iterator[None]:
    """Add to what is wrong with a table which command describes it."""
    try:
        yield
    except DataError as wrong:
        if not Path(raw).is_file():
            raise
        raise DataError(f"{wrong} `exactcast inspect {raw}` says how it can be read.") from None


def _described(covariates: Covariates) -> str:
    """Count the covariates of each role; nothing where there are none."""
    counts = {role: len(getattr(covariates, role)) for role in ("past", "future", "static")}
    found = [f"{n} {role} covariate{'' if n == 1 else 's'}" for role, n in counts.items() if n]
    if covariates.calendar:
        found.append(f"{len(covariates.calendar)} of the calendar")
    return f" with {', '.join(found)}" if found else ""


if __name__ == "__main__":
    run_stage(run)
