"""Section `windowing`: how far a window reads and predicts."""

from foundation.params.fields import Count, Section


class Windowing(Section):
    lookback: Count
    horizon: Count
    stride: Count
