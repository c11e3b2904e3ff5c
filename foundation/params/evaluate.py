"""Section `evaluate`: how the forecasts are scored."""

from typing import Literal

from foundation.params.fields import Count, Section


class Evaluate(Section):
    season: Literal["auto"] | Count
