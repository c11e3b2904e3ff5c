"""Section `simulate`: the demo table."""

from typing import Annotated, Literal

from pydantic import Field

from foundation.params.fields import Count, Date, NotNegative, Number, Section, Seed


class Noise(Section):
    load_city: NotNegative
    load_industry: NotNegative
    irradiance: NotNegative
    ambient: NotNegative
    oil: NotNegative


class Simulate(Section):
    rows: Count
    start: Date
    layout: Literal["wide", "long"]
    oil_time_constant: Annotated[Number, Field(gt=1)]
    noise: Noise
    seed: Seed
