"""The whole of params.yaml."""

from typing import Self

from pydantic import model_validator

from foundation.params.evaluate import Evaluate
from foundation.params.fields import Section, Seed
from foundation.params.forecast import Forecast
from foundation.params.ingest import Ingest
from foundation.params.intervals import Intervals
from foundation.params.model import Model
from foundation.params.simulate import Simulate
from foundation.params.split import Split
from foundation.params.train import Train
from foundation.params.windowing import Windowing


class Params(Section):
    seed: Seed
    simulate: Simulate
    ingest: Ingest
    windowing: Windowing
    split: Split
    model: Model
    train: Train
    evaluate: Evaluate
    forecast: Forecast
    intervals: Intervals

    @model_validator(mode="after")
    def _validation_is_there(self) -> Self:
        if not self.evaluate.test and self.split.method == "random":
            raise ValueError(
                "evaluate.test: should be true with split.method: random, which keeps no validation part to "
                "score instead; set split.method to chronological"
            )
        return self

    @model_validator(mode="after")
    def _past_covariates_are_known(self) -> Self:
        past, most = self.ingest.past_covariates, self.windowing.horizon
        if past and self.forecast.horizon > most:
            raise ValueError(
                f"forecast.horizon: should be {most} or less, as {', '.join(past)} "
                "(ingest.past_covariates) are not known after windowing.horizon steps, found "
                f"{self.forecast.horizon}; lengthen windowing.horizon to forecast further"
            )
        return self
