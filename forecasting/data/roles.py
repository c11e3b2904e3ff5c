"""What each column of a series is for, and in which order a model reads what becomes of it.

A model reads up to four inputs; those without columns are left out:

    window  (batch, lookback, targets)
    past    (batch, lookback, past covariates + future covariates + calendar)
    future  (batch, horizon, future covariates + calendar)
    static  (batch, static covariates)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forecasting.data.calendar import calendar_names

WINDOW, PAST, FUTURE, STATIC = ("window", "past", "future", "static")
SCALED = "scaled_"  # before the name of the window, where it is all that a network reads


def input_shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes that a Keras model reads, without the batch, by the input's name, without SCALED."""
    return {tensor.name.removeprefix(SCALED): tuple(tensor.shape[1:]) for tensor in model.inputs}


@dataclass(frozen=True)
class Covariates:
    """What is read besides the targets: names of columns, by their role.

    Attributes:
        past: Read, not forecast.
        future: Known for the whole horizon, and read there, too.
        static: One value per series.
        calendar: What is read of the time, as `calendar_columns` takes it.
        time_zone: Where the calendar is read, if the times are UTC.
    """

    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    time_zone: str | None = None

    @property
    def moving(self) -> tuple[str, ...]:
        """The columns that change from row to row, in the order in which they follow the targets."""
        return (*self.past, *self.future)

    @property
    def any(self) -> bool:
        """True if a model reads more than what it forecasts."""
        return bool(self.moving or self.static or self.calendar)

    def parameter_of(self, column: str) -> str:
        """Return the parameter that gives a column its role."""
        for role in ("past", "future", "static"):
            if column in getattr(self, role):
                return f"ingest.{role}_covariates"
        return "ingest.targets"


NO_COVARIATES = Covariates()


def category_name(column: str, category: str) -> str:
    """Name the column of 0 and 1 that a category of a column of text becomes."""
    return f"{column}={category}"


@dataclass(frozen=True)
class ModelInputs:
    """What a model reads: all that is needed to prepare its inputs from a table.

    Attributes:
        targets: The columns that are forecast.
        covariates: The others.
        categories: Of each column of text, those that became a column of 0 and 1.
    """

    targets: tuple[str, ...]
    covariates: Covariates = NO_COVARIATES
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def columns(self) -> dict[str, list[str]]:
        """Name the columns of every input that the model has, in their order."""
        ahead = [*self._encoded(self.covariates.future), *calendar_names(self.covariates.calendar)]
        named = {
            WINDOW: list(self.targets),
            PAST: [*self._encoded(self.covariates.past), *ahead],
            FUTURE: ahead,
            STATIC: self._encoded(self.covariates.static),
        }
        return {name: columns for name, columns in named.items() if columns}

    def is_scaled(self, column: str) -> bool:
        """Return True if a column of an input is a number to be scaled.

        Categories and calendar are not: they lie between -1 and 1 as they are.
        """
        return column in (*self.targets, *self.covariates.moving, *self.covariates.static) and (
            column not in self.categories
        )

    def _encoded(self, names: Sequence[str]) -> list[str]:
        """Name the columns that the columns of the table become."""
        return [column for name in names for column in self._columns_of(name)]

    def _columns_of(self, name: str) -> list[str]:
        if name not in self.categories:
            return [name]
        return [category_name(name, category) for category in self.categories[name]]


def inputs_document(inputs: ModelInputs, **more: Any) -> dict[str, Any]:
    """Describe the inputs for a file: the columns by role, categories, and the order in each input."""
    covariates = inputs.covariates
    return {
        "targets": inputs.targets,
        "past_covariates": covariates.past,
        "future_covariates": covariates.future,
        "static_covariates": covariates.static,
        "calendar": covariates.calendar,
        "time_zone": covariates.time_zone,
        "categories": dict(inputs.categories),
        "columns": inputs.columns(),
        **more,
    }


def inputs_from(document: Mapping[str, Any]) -> ModelInputs:
    """Read the inputs back from their description."""
    covariates = Covariates(
        past=tuple(document["past_covariates"]),
        future=tuple(document["future_covariates"]),
        static=tuple(document["static_covariates"]),
        calendar=tuple(document["calendar"]),
        time_zone=document["time_zone"],
    )
    categories = {name: tuple(values) for name, values in document["categories"].items()}
    return ModelInputs(tuple(document["targets"]), covariates, categories)
