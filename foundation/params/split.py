"""Section `split`: which part each window belongs to."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import Date, Section, Seed, Share


class Split(Section):
    method: Literal["random", "chronological"]
    test_size: Share
    random_state: Seed
    validation_size: Share
    validation_from: Date | None
    test_from: Date | None
    test_until: Date | None
    gap: Literal["lookback"] | Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> Self:
        if (self.validation_from is None) != (self.test_from is None):
            raise ValueError("validation_from and test_from should both be dates, or both null")
        dates = [date for date in (self.validation_from, self.test_from, self.test_until) if date]
        moments = [datetime.fromisoformat(date) for date in dates]
        if moments != sorted(set(moments)):
            raise ValueError(
                f"validation_from, test_from and test_until should follow each other, found "
                f"{', '.join(dates)}"
            )
        if self.test_until is not None and self.test_from is None:
            raise ValueError(
                "test_until should be null unless validation_from and test_from are dates"
            )
        if self.method == "chronological" and self.test_size + self.validation_size >= 1:
            raise ValueError("test_size and validation_size should leave something for training")
        return self
