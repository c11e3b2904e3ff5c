"""Section `intervals`: how sure the forecasts are."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from foundation.params.fields import Number, Rate, Section

Level = Annotated[Number, Field(gt=0, lt=100)]


class Intervals(Section):
    levels: list[Level]
    adaptive: bool
    gamma: Rate

    @model_validator(mode="after")
    def _levels_differ(self) -> Self:
        if len(set(self.levels)) < len(self.levels):
            found = ", ".join(f"{level:g}" for level in self.levels)
            raise ValueError(f"levels: should name each level once, found [{found}]")
        return self
