"""Section `ingest`: the raw table, and which of it is the series."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import (
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


class Ingest(Section):
    raw: RawPath
    sheet: Name | None
    time: Name | Annotated[list[Name], Field(min_length=1)]
    time_format: Name
    time_zone: Name | None
    id: Name | Annotated[list[Name], Field(min_length=1)] | None
    features: Literal["all"] | Annotated[list[Name], Field(min_length=1)]
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

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        features = [] if self.features == "all" else self.features
        names = [*self.times, *self.id_columns, *features]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(
                "features: should name each column once, and not the time or an id, found twice: "
                f"{', '.join(doubled)}"
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
