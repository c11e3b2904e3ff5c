"""Section `ingest`: the raw table, and which of it is the series."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import Count, Name, RawPath, Section, Separator


class Ingest(Section):
    raw: RawPath
    time: Name
    time_format: Name
    features: Literal["all"] | Annotated[list[Name], Field(min_length=1)]
    frequency: Name
    gaps: Literal["error", "interpolate"]
    max_gap: Count
    separator: Separator
    decimal: Literal[".", ","]
    encoding: Name

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        names = [self.time] if self.features == "all" else [self.time, *self.features]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(
                "features: should name each column once, and not the time, found twice: "
                f"{', '.join(doubled)}"
            )
        return self

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.separator == self.decimal:
            raise ValueError(f"separator: should differ from the decimal, found {self.decimal!r}")
        return self
