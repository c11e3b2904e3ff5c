"""The plots, as PNG bytes: the same content is the same bytes, whatever the user's own settings."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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
    """Draw loss and validation loss by epoch, and mark the epoch whose weights were kept.

    Args:
        history: Columns `epoch`, `loss`, `val_loss` and `kept`, which is 1 for that epoch, else 0.
    """
    kept = history[history["kept"] == 1].iloc[0]
    with plot_style():
        figure = Figure(figsize=(7, 3.2), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        marker = "." if len(history) == 1 else None  # one point makes no line
        for name, color, label in (
            ("loss", SOFT, "training"),
            ("val_loss", MODEL_COLOR, "validation"),
        ):
            axes.plot(history["epoch"], history[name], color=color, marker=marker, label=label)
        label = f"kept: epoch {int(kept['epoch'])}"
        axes.plot(kept["epoch"], kept["val_loss"], "o", color=INK, label=label)
        if (history[["loss", "val_loss"]] > 0).all(axis=None):
            axes.set_yscale("log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set(xlabel="epoch", ylabel="loss (scaled units)")
        axes.legend(frameon=False)
        return png_bytes(figure)


def forecast_plot(
    series: pd.DataFrame, forecasts: np.ndarray, starts: np.ndarray, *, rows: int, part: str
) -> bytes:
    """Draw the end of the series, one panel per target, with the forecasts of the scored windows.

    Args:
        series: What happened, over time; the line breaks at missing cells, which are nan.
        forecasts: Shape (windows, horizon, targets), in units of the series.
        starts: First predicted row of each window, shape (windows,).
        rows: How many rows of the series to show.
        part: Which the windows belong to.
    """
    horizon = forecasts.shape[1]
    stop = int(starts.max()) + horizon
    first = max(0, stop - max(rows, 3 * horizon))
    shown = _apart(np.flatnonzero(starts >= first), starts, horizon)
    targets: Sequence[str] = list(series.columns)[:MAX_PANELS]
    with plot_style():
        figure = Figure(figsize=(9, 0.6 + 1.5 * len(targets)), dpi=120, layout="constrained")
        panels = figure.subplots(len(targets), 1, sharex=True, squeeze=False)[:, 0]
        for column, (target, axes) in enumerate(zip(targets, panels, strict=True)):
            draw_actual(axes, series[target].iloc[first:stop])
            _draw_forecasts(axes, series.index, forecasts[shown, :, column], starts[shown], part)
            axes.set_title(target, loc="left", fontsize="medium", parse_math=False)  # a $ is a $
        if len(series.columns) > MAX_PANELS:
            panels[-1].set_xlabel(f"the first {MAX_PANELS} of {len(series.columns)} targets")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)
        figure.autofmt_xdate(rotation=0, ha="center")
        return png_bytes(figure)


def draw_actual(axes: Axes, actual: pd.Series) -> None:
    """Draw what happened; a value between two missing ones is a dot."""
    alone = _alone(actual.notna().to_numpy())
    axes.plot(
        actual.index,
        actual,
        color=SOFT,
        linewidth=1.0,
        marker="." if alone.any() else None,
        markevery=alone,
        label="actual",
    )


def _draw_forecasts(
    axes: Axes, times: pd.Index, forecasts: np.ndarray, starts: np.ndarray, part: str
) -> None:
    """Draw forecasts of one target, shape (windows, horizon), each from its first row on."""
    horizon = forecasts.shape[1]
    for number, (start, forecast) in enumerate(zip(starts, forecasts, strict=True)):
        axes.plot(
            times[start : start + horizon],
            forecast,
            color=MODEL_COLOR,
            linewidth=1.4,
            marker="o" if horizon == 1 else None,
            markersize=3,
            label=None if number else f"forecast of a {part} window",
        )


def _apart(windows: np.ndarray, starts: np.ndarray, horizon: int) -> list[int]:
    """Choose windows, the latest first, whose predicted rows do not overlap."""
    chosen: list[int] = []
    for window in sorted(windows.tolist(), key=lambda w: -int(starts[w])):
        if not chosen or starts[window] + horizon <= starts[chosen[-1]]:
            chosen.append(window)
    return chosen[::-1]


def _alone(observed: np.ndarray) -> np.ndarray:
    """Mark the observed values between two missing ones: a line does not show them."""
    around = np.pad(observed, 1)
    return observed & ~around[:-2] & ~around[2:]


def plot_style() -> AbstractContextManager[None]:
    """Matplotlib's own defaults and ours, whatever a matplotlibrc says."""
    settings: dict[str, Any] = {**mpl.rcParamsDefault, "backend": "agg", **STYLE}
    return mpl.rc_context(settings)


def png_bytes(figure: Figure) -> bytes:
    """Render a figure as PNG, without time and software."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)  # makes Agg the figure's backend
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
