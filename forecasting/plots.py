"""The plots, as PNG bytes: the same content is the same bytes, whatever the user's own settings."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, MODEL_COLOR, SOFT = "#3c4650", "#d1495b", "#9aa5b1"
STYLE = {
    "axes.edgecolor": SOFT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9.0,
    "grid.color": "#e6eaee",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
MAX_PANELS = 8


def loss_plot(history: pd.DataFrame) -> bytes:
    """Draw loss and validation loss by epoch.

    Args:
        history: Columns `epoch`, `loss`, `val_loss`.
    """
    with _style():
        figure = Figure(figsize=(7, 3.2), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        axes.plot(history["epoch"], history["loss"], color=SOFT, label="training")
        axes.plot(history["epoch"], history["val_loss"], color=MODEL_COLOR, label="validation")
        if (history[["loss", "val_loss"]] > 0).all(axis=None):
            axes.set_yscale("log")
        axes.set(xlabel="epoch", ylabel="loss (scaled units)")
        axes.legend(frameon=False)
        return _png(figure)


def forecast_plot(
    series: pd.DataFrame, forecasts: np.ndarray, starts: np.ndarray, *, rows: int
) -> bytes:
    """Draw the end of the series, one panel per feature, with the forecasts of the test windows.

    Args:
        series: What happened, over time.
        forecasts: Shape (windows, horizon, features), in units of the series.
        starts: First predicted row of each window, shape (windows,).
        rows: How many rows of the series to show.
    """
    horizon = forecasts.shape[1]
    stop = int(starts.max()) + horizon
    first = max(0, stop - max(rows, 3 * horizon))
    shown = _apart(np.flatnonzero(starts >= first), starts, horizon)
    features: Sequence[str] = list(series.columns)[:MAX_PANELS]
    with _style():
        figure = Figure(figsize=(9, 0.6 + 1.5 * len(features)), dpi=120, layout="constrained")
        panels = figure.subplots(len(features), 1, sharex=True, squeeze=False)[:, 0]
        for column, (feature, axes) in enumerate(zip(features, panels, strict=True)):
            actual = series[feature].iloc[first:stop]
            axes.plot(actual.index, actual, color=SOFT, linewidth=1.0, label="actual")
            for number, window in enumerate(shown):
                times = series.index[starts[window] : starts[window] + horizon]
                axes.plot(
                    times,
                    forecasts[window, :, column],
                    color=MODEL_COLOR,
                    linewidth=1.4,
                    marker="o" if horizon == 1 else None,
                    markersize=3,
                    label=None if number else "forecast of a test window",
                )
            axes.set_ylabel(feature, parse_math=False)  # a $ in a name is a $
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside upper right",
            ncols=2,
            frameon=False,
        )
        figure.autofmt_xdate(rotation=0, ha="center")
        return _png(figure)


def _apart(windows: np.ndarray, starts: np.ndarray, horizon: int) -> list[int]:
    """Choose windows, the latest first, whose predicted rows do not overlap."""
    chosen: list[int] = []
    for window in sorted(windows.tolist(), key=lambda w: -int(starts[w])):
        if not chosen or starts[window] + horizon <= starts[chosen[-1]]:
            chosen.append(window)
    return chosen[::-1]


def _style() -> AbstractContextManager[None]:
    """Matplotlib's own defaults and ours, whatever a matplotlibrc says."""
    settings: dict[str, Any] = {**mpl.rcParamsDefault, "backend": "agg", **STYLE}
    return mpl.rc_context(settings)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)  # makes Agg the figure's backend
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
