"""Section `simulate`: the demo table."""

from typing import Annotated, Literal

from pydantic import Field

from foundation.params.fields import Count, Date, Lines, NotNegative, Number, Section, Seed


class Noise(Section):
    load_city: NotNegative
    load_industry: NotNegative
    irradiance: NotNegative
    ambient: NotNegative
    oil: NotNegative


class Shops(Section):
    stores: Count
    days: Count
    ahead: Lines
    price_effect: Number
    noise: NotNegative


class Simulate(Section):
    table: Literal["station", "shops"]
    rows: Count
    start: Date
    layout: Literal["wide", "long"]
    oil_time_constant: Annotated[Number, Field(gt=1)]
    noise: Noise
    shops: Shops
    seed: Seed
