"""Series as they were known at an earlier time."""

from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel


def cut_after(panel: Panel, time: pd.Timestamp) -> Panel:
    """Forget what was not known at a time: later rows, but for future covariates.

    Args:
        panel: The series.
        time: The last time that is known; at or after the first of all series.

    Returns:
        The series that had begun by then.
    """
    later = np.asarray(panel.times > time)
    begun = ~later[panel.offsets[:-1]]
    kept = np.repeat(begun, panel.lengths)
    values = panel.values
    n_future = len(panel.covariates.future)
    if n_future:
        values = values.copy()
        values[later, : values.shape[1] - n_future] = np.nan
    else:
        kept &= ~later
    lengths = np.add.reduceat(kept, panel.offsets[:-1])[begun]
    return replace(
        panel,
        values=values[kept],
        times=panel.times[kept],
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        names=tuple(name for name, keep in zip(panel.names, begun, strict=True) if keep),
        raw_rows=None,
        statics=None if panel.statics is None else panel.statics[begun],
    )
