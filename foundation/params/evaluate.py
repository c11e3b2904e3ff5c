"""Section `evaluate`: how the forecasts are scored."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import Count, Section


class Evaluate(Section):
    season: Literal["auto"] | Count | Annotated[list[Count], Field(min_length=1)]
    test: bool

    @model_validator(mode="after")
    def _seasons_differ(self) -> Self:
        if isinstance(self.season, list) and len(set(self.season)) < len(self.season):
            raise ValueError(f"season: should name each length once, found {self.season}")
        return self
