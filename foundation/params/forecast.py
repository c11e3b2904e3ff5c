"""Section `forecast`: how far the newest rows are forecast."""

from foundation.params.fields import Count, RawPath, Section


class Forecast(Section):
    horizon: Count
    refit: bool
    input: RawPath
