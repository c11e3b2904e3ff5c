"""A forecast that is stored nowhere: more steps, another origin, or a table that no run has kept.

`python -m stages.answer WANTED FILE` writes it to FILE as `forecasts/forecast.csv` would have it,
and prints as JSON what a reader should know of it. WANTED is a JSON object: `steps`, `origin` (a time, or
null) and `table` (a raw table, or null for the one that params.yaml names). It changes nothing else.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.data.panel import Panel
from forecasting.data.past import cut_after
from forecasting.data.roles import inputs_from
from forecasting.data.split import CALIBRATION, TRAIN, VALIDATION
from forecasting.data.zones import zone_of
from forecasting.reporting.forecast_table import long_table
from foundation.errors import DataError, PipelineError
from foundation.params import load_params
from stages.newer import forecast_newest, newer_table, read_newer
from stages.newest_forecasts import with_intervals
from stages.runner import check_code, check_seal
from stages.storage import artifacts
from stages.storage.artifacts import Csv


def answer(wanted: Mapping[str, Any], file: Path) -> list[str]:
    """Forecast, and write the table.

    Args:
        wanted: What is asked, see above.
        file: Where the table is written.

    Returns:
        What a reader should know of it.

    Raises:
        PipelineError: The table does not fit the model, or nothing can be forecast.
    """
    params, document = load_params(), artifacts.INPUTS.load()
    inputs = inputs_from(document)
    newer = wanted["table"] or params.forecast.input
    of_model = Path(newer) == artifacts.NEWEST.path
    panel = (
        artifacts.SERIES.load_panel() if of_model else read_newer(params, newer, inputs, document)
    )
    panel, model, sentences = _origin(panel, wanted["origin"])
    with nullcontext() if of_model else newer_table(newer):
        made, intervals = forecast_newest(
            params, panel, inputs, model, n_steps=int(wanted["steps"])
        )
    found, ids = with_intervals(params, panel, made, intervals)
    Csv(file).save(long_table(found, ids=ids))
    return [*sentences, *([found.sentence] if found.sentence else [])]


def _origin(panel: Panel, origin: str | None) -> tuple[Panel, Path, list[str]]:
    """Cut the series at the origin, and choose the model.

    Returns:
        The series up to the origin, the model that has not learned from later rows if there is one, and
        what a reader should know of that.

    Raises:
        DataError: The origin is not a time, or before all series.
    """
    if origin is None:
        return panel, artifacts.FINAL_MODEL.path, []
    time = _time(origin, panel)
    learned = artifacts.SERIES.load_panel()
    if time >= learned.last_time:
        return cut_after(panel, time), artifacts.FINAL_MODEL.path, _older(panel, time, origin)
    split = artifacts.SPLIT.load()
    of_model = split["part"].isin([TRAIN, VALIDATION, CALIBRATION])
    seen = split.loc[of_model, "target_stop"].to_numpy()
    last = learned.times[seen - 1].max()
    sentences = [
        f"The model of the scores forecasts from {origin}, as the final one may know later rows."
    ]
    if time < last:
        sentences.append(
            f"This is not a forecast: the model has seen the rows up to {last}, which come after {origin}. No "
            "score is kept."
        )
    return cut_after(panel, time), artifacts.MODEL.path, sentences


def _older(panel: Panel, time: pd.Timestamp, origin: str) -> list[str]:
    """Say so where the series end before the origin."""
    last = panel.last_time
    if last >= time:
        return []
    return [f"The last rows are of {last}: the forecast begins after them, before {origin}."]


def _time(text: str, panel: Panel) -> pd.Timestamp:
    """Read a time as the terminal shows times: on the clock of the table's zone."""
    zone = panel.covariates.time_zone
    try:
        time = pd.Timestamp(text)
        if time.tzinfo is not None and zone is None:
            raise DataError(
                f"--from {text}: the times of the table are of no known zone, so an offset says nothing "
                f"of them. Write it without one, such as {panel.times.max()}."
            )
        if time.tzinfo is None and zone is not None:
            time = time.tz_localize(zone_of(zone))
        time = time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)
    except ValueError as wrong:
        raise DataError(
            f"--from {text}: this is not a time of the table ({wrong}). Write it such as "
            f"{panel.times.max()}."
        ) from None
    if pd.isna(time) or time < panel.times.min():
        raise DataError(
            f"--from {text}: the series begin at {panel.times.min()} and end at {panel.times.max()}. Give a "
            "time between them."
        )
    return time


def main() -> None:
    """Print what a reader should know of the forecast, or why there is none, as JSON."""
    try:
        check_seal()
        check_code(Path.cwd())
        said: dict[str, Any] = {"sentences": answer(json.loads(sys.argv[1]), Path(sys.argv[2]))}
    except PipelineError as error:
        said = {"refused": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
