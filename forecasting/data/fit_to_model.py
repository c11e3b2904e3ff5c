"""Whether series are of the kind that a model was trained on."""

from forecasting.data.panel import Panel
from forecasting.data.roles import ModelInputs
from forecasting.data.seasons import step_of
from foundation.errors import DataError, quoted


def check_fits(panel: Panel, inputs: ModelInputs, *, step: str | None, table: str) -> None:
    """Refuse series with other columns, another step or another time zone than the model knows.

    Args:
        panel: The series.
        inputs: What the model reads.
        step: The step of the series that it was trained on; None if they had none.
        table: Where the series were read, for the sentence.

    Raises:
        DataError: They differ; says in what.
    """
    compared = {
        "its list of targets": (_listed(panel.targets), _listed(inputs.targets)),
        "its list of past covariates": (
            _listed(panel.covariates.past),
            _listed(inputs.covariates.past),
        ),
        "its list of future covariates": (
            _listed(panel.covariates.future),
            _listed(inputs.covariates.future),
        ),
        "its list of static covariates": (
            _listed(panel.covariates.static),
            _listed(inputs.covariates.static),
        ),
        "its time zone": (panel.covariates.time_zone, inputs.covariates.time_zone),
        "its step": (step_of(panel.longest_times()), step),
    }
    for what, (found, known) in compared.items():
        if found != known:
            raise DataError(
                f"{table} does not fit the model: {what} is {found or 'none'}, and the model was trained "
                f"with {known or 'none'}. Give a table like the one that it was trained on, or train on "
                "this one."
            )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, names))
