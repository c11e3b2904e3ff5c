"""What `forecast` and the answers to questions have in common: newer rows, and a model as it is."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.data.fit_to_model import check_fits
from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs
from foundation.errors import DataError
from foundation.params import Params
from stages.reading import read_series
from stages.storage.predictions import NEWEST, Predictions, joined

log = logging.getLogger(__name__)


@contextmanager
def newer_table(table: str) -> Iterator[None]:
    """Say of what is wrong with a newer table what to do about it: parameters are those of the model.

    Args:
        table: Where the table is.
    """
    try:
        yield
    except DataError as wrong:
        raise DataError(
            wrong.problem,
            f"Change {table}: newer rows have to be like those that the model was trained on, and are read "
            "by the same parameters (ingest).",
        ) from None


def read_newer(
    params: Params, table: str, inputs: ModelInputs, document: Mapping[str, Any]
) -> Panel:
    """Read a newer table as the raw table was read, and hold it against what the model was trained on.

    Columns that the model does not forecast or read are passed over.

    Args:
        params: All parameters; `ingest.from` and `ingest.until` chose what the model learned
            from, and do not count here.
        table: Where the table is.
        inputs: What the model reads.
        document: Their description, as `train` stored it.

    Raises:
        DataError: The table is not what it should be, or does not fit the model.
    """
    if not Path(table).exists():
        raise DataError(
            f"The newer table {table} (forecast.input) does not exist. Fetch it: dvc pull {table}; or name "
            "another with forecast.input."
        )
    changes = {"raw": table, "from": None, "until": None, "targets": list(inputs.targets)}
    with newer_table(table):
        ingest = params.ingest.model_copy(update=changes)
        panel = read_series(ingest, stage="forecast", to_train=False)
    check_fits(
        panel,
        inputs,
        step=document["step"],
        day_begins=document["time_of_day"],
        frequency=params.ingest.frequency,
        table=table,
    )
    if panel.last_time < pd.Timestamp(document["until"]):
        log.warning(
            "forecast: %s ends at %s, and the model was made from rows up to %s: it may have seen what it "
            "forecasts, so this is not a forecast of newer rows",
            table,
            panel.last_time,
            document["until"],
        )
    return panel


def forecast_newest(
    params: Params, panel: Panel, inputs: ModelInputs, model: Path, *, n_steps: int
) -> tuple[Predictions, pd.DataFrame]:
    """Forecast what comes after the last rows of series; this starts TensorFlow.

    Args:
        params: All parameters.
        panel: The series.
        inputs: What the model reads.
        model: Where the model lies.
        n_steps: How many steps.

    Returns:
        The forecasts, and the table of their intervals.

    Raises:
        DataError: No series can be forecast, or one has a category that the model does not know.
    """
    # seconds to import: only where a model is needed
    from forecasting.models.raw_units import load_model
    from forecasting.training.determinism import seal_tensorflow
    from stages.newest import Predictor
    from stages.replay import intervals_of

    seal_tensorflow(params.seed)
    predictor = Predictor(params, load_model(model), panel, inputs, n_steps=n_steps)
    windows = predictor.newest(stage="forecast", needed=True)
    blocks = list(predictor.blocks(NEWEST, windows))
    newest = joined(blocks, n_targets=len(panel.targets), n_steps=n_steps)
    return newest, intervals_of(params, panel, predictor)
