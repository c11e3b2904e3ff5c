"""Whether series are of the kind that a model was trained on."""

from collections.abc import Iterable

from forecasting.data.panel import Panel
from forecasting.data.regularity import INFER
from forecasting.data.roles import ModelInputs
from forecasting.data.seasons import step_of
from forecasting.data.timestamps import time_of_day
from foundation.errors import DataError, quoted

UTC = "UTC"  # the zone of times that were written with an offset, and without the name of a zone


def check_fits(
    panel: Panel,
    inputs: ModelInputs,
    *,
    step: str | None,
    day_begins: str | None,
    frequency: str,
    table: str,
) -> None:
    """Refuse series with other columns, another step or on another clock than the model knows.

    Args:
        panel: The series.
        inputs: What the model reads.
        step: The step of the series that it was trained on; None if they had none.
        day_begins: Their time of day, if their steps are days or longer; else None.
        frequency: The parameter ingest.frequency; the series were read with it, so only an inferred
            step can be another one.
        table: Where the series were read, for the sentence.

    Raises:
        DataError: They differ; says in what.
    """
    found, known = panel.covariates, inputs.covariates
    compared: dict[str, tuple[str | None, str | None]] = {
        "its list of targets": (_listed(panel.targets), _listed(inputs.targets)),
        "its list of past covariates": (_listed(found.past), _listed(known.past)),
        "its list of future covariates": (_listed(found.future), _listed(known.future)),
        "its list of static covariates": (_listed(found.static), _listed(known.static)),
        "its list of columns of text": (
            _listed(sorted(panel.labels)),
            _listed(sorted(inputs.categories)),
        ),
    }
    times = panel.longest_times()
    if frequency == INFER:
        compared["its step"] = (step_of(times), step)
    if len(times) > 1:
        compared["the time of day of its steps"] = (time_of_day(panel.times), day_begins)
    for what, (this, other) in compared.items():
        if this != other:
            raise DataError(
                f"{table} does not fit the model: {what} is {this or 'none'}, and the model was trained "
                f"with {other or 'none'}. Give a table like the one that it was trained on, or train on "
                "this one."
            )
    if found.time_zone != known.time_zone:
        raise DataError(
            f"{table} does not fit the model: {_clocks(found.time_zone, known.time_zone)}"
        )


def _clocks(found: str | None, known: str | None) -> str:
    """Say how the clocks differ, and what to do; the zone of both is that of the parameters, if they name one."""
    if found == UTC and known is None:
        return (
            "its times have a UTC offset, and those that the model was trained on have none. Write them "
            "as the model knows them: without an offset, on the same clock."
        )
    if found is None and known == UTC:
        return (
            "its times have no UTC offset, and those that the model was trained on have one. Write each "
            "time with its offset, such as 2024-03-01T12:00+00:00."
        )
    return (
        f"its time zone is {found or 'none'}, and the model was trained with {known or 'none'}. Give a "
        "table like the one that it was trained on, or train on this one."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
