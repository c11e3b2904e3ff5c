"""Section `ingest`: the raw table, and what each of its columns is for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import (
    CalendarEntry,
    CommentMark,
    Count,
    Date,
    Lines,
    Name,
    Number,
    RawPath,
    Section,
    Separator,
)

COVARIATES = ("past_covariates", "future_covariates", "static_covariates")


class Ingest(Section):
    raw: RawPath
    sheet: Name | None
    time: Name | Annotated[list[Name], Field(min_length=1)]
    time_format: Name
    time_zone: Name | None
    id: Name | Annotated[list[Name], Field(min_length=1)] | None
    targets: Literal["all"] | Annotated[list[Name], Field(min_length=1)]
    past_covariates: list[Name]
    future_covariates: list[Name]
    static_covariates: list[Name]
    calendar: list[CalendarEntry]
    frequency: Name
    __annotations__["from"] = Date | None  # a word of Python, which no annotation can spell
    until: Date | None
    gaps: Literal["error", "skip", "interpolate"]
    max_gap: Count
    missing_values: list[Name | Number]
    separator: Separator
    decimal: Literal[".", ","]
    thousands: Literal[",", ".", "'", " ", "_"] | None
    encoding: Name
    skip_rows: Lines
    units_rows: Lines
    skip_footer: Lines
    comment: CommentMark | None

    @property
    def times(self) -> list[str]:
        """The columns whose texts, joined by spaces, are the time."""
        return [self.time] if isinstance(self.time, str) else self.time

    @property
    def id_columns(self) -> list[str]:
        """The columns that tell series apart; none for a single series."""
        return [self.id] if isinstance(self.id, str) else self.id or []

    @property
    def time_name(self) -> str:
        """The name of the time in the series."""
        return " ".join(self.times)

    @property
    def covariates(self) -> list[str]:
        """The columns that are read and not forecast."""
        return [name for role in COVARIATES for name in getattr(self, role)]

    def roles(self) -> Iterator[tuple[str, str]]:
        """Yield each column that is named, after the parameter that names it."""
        targets = [] if self.targets == "all" else self.targets
        named = {"time": self.times, "id": self.id_columns, "targets": targets}
        for role, names in (named | {role: getattr(self, role) for role in COVARIATES}).items():
            yield from ((role, name) for name in names)

    def parameter_of(self, column: str) -> str:
        """Return the parameter that a column is named in; targets need not be named."""
        return "ingest." + next((r for r, name in self.roles() if name == column), "targets")

    @model_validator(mode="after")
    def _each_column_has_one_role(self) -> Self:
        first: dict[str, str] = {}  # the role in which each column was found first
        for role, name in self.roles():
            if name in first:
                raise ValueError(
                    f"{role}: should name each column once, and none that has another role, found "
                    f"{name!r} in {first[name]} already"
                )
            first[name] = role
        return self

    @model_validator(mode="after")
    def _calendar_is_distinct(self) -> Self:
        doubled = [entry for entry in self.calendar if self.calendar.count(entry) > 1]
        if doubled:
            raise ValueError(f"calendar: should name each entry once, found twice: {doubled[0]!r}")
        return self

    @model_validator(mode="after")
    def _static_covariates_are_of_many_series(self) -> Self:
        if self.static_covariates and self.id is None:
            raise ValueError(
                "static_covariates: should be empty for a single series, which they cannot tell from "
                f"others; set ingest.id if there are several, found {self.static_covariates!r}"
            )
        return self

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.separator == self.decimal and not self.raw.endswith(".xlsx"):
            raise ValueError(f"separator: should differ from the decimal, found {self.decimal!r}")
        if self.thousands == self.decimal:
            raise ValueError(f"thousands: should differ from the decimal, found {self.decimal!r}")
        if self.comment == self.separator:
            raise ValueError(f"comment: should differ from the separator, found {self.comment!r}")
        return self

    @model_validator(mode="after")
    def _from_is_before_until(self) -> Self:
        first, last = getattr(self, "from"), self.until
        if first and last and datetime.fromisoformat(first) > datetime.fromisoformat(last):
            raise ValueError(f"until: should not be before {first} (ingest.from), found {last!r}")
        return self

    @model_validator(mode="after")
    def _a_sheet_is_in_a_workbook(self) -> Self:
        if self.sheet is not None and not self.raw.endswith(".xlsx"):
            raise ValueError(
                f"sheet: should be null, as {self.raw} has no sheets, found {self.sheet!r}"
            )
        return self
