"""Whether a table's clock is one with daylight saving: doubled and missing hours say so."""

import numpy as np
import pandas as pd

from forecasting.data.timestamps import DAY
from forecasting.data.zones import utc_of, zone_of
from forecasting.inspection.findings import OPEN, Finding, counted, listed
from foundation.errors import DataError

# One zone for each rule of daylight saving that is common
ZONES = (
    "Europe/Lisbon", "Europe/Berlin", "Europe/Athens", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "Australia/Sydney",
)  # fmt: skip
MANY = 0.25  # share of doubled times above which a clock that jumps back is not the cause


def describe_clock(times: pd.DatetimeIndex) -> list[Finding]:
    """Find the zones whose daylight saving explains doubled and missing hours of a single series.

    Args:
        times: (rows,) As the file has them, without an offset.

    Returns:
        An open finding with the zones in which the steps are even; none if there is no such zone.
    """
    apart = np.diff(times.asi8)
    if len(apart) < 2 or (apart == apart[0]).all() or (apart == 0).mean() > MANY:
        return []
    usual, counts = np.unique(apart, return_counts=True)
    step = int(usual[counts.argmax()])
    if not 0 < step < DAY:
        return []
    fitting = [name for name in ZONES if _is_even_in(times, name, step)]
    if not fitting:
        return []
    wrong = int((apart != step).sum())
    return [
        Finding(
            "time zone",
            f"local times with daylight saving: {counted(wrong, 'step')} of another length",
            OPEN,
            f"every step is even in {listed(fitting)}, and zones with the same rules",
            choices=tuple({"time_zone": name} for name in fitting),
        )
    ]


def _is_even_in(times: pd.DatetimeIndex, zone: str, step: int) -> bool:
    try:
        instants = utc_of(times, zone_of(zone), column="time")
    except DataError:
        return False
    return bool((np.diff(instants.asi8) == step).all())
