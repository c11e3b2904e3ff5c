"""The plot of what comes after the newest rows, with its intervals."""

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecasting.data.panel import Panel
from forecasting.intervals.newest_forecast import NewestForecast
from forecasting.reporting.plots import (
    MAX_PANELS,
    MODEL_COLOR,
    draw_actual,
    plot_style,
    png_bytes,
)

HISTORY = 3  # rows shown before the forecast, as many times its steps
LEAST_HISTORY = 72


class NewestLine(NamedTuple):
    """One target of one series, and its forecast.

    Attributes:
        name: Of both.
        history: What happened, over time; its end is shown.
        times: Of the forecast, shape (steps,).
        forecast: Same shape.
        bounds: Lower and upper ends, shape (levels, 2, steps); nan where none is known.
    """

    name: str
    history: pd.Series
    times: np.ndarray
    forecast: np.ndarray
    bounds: np.ndarray


def draw_newest(panel: Panel, found: NewestForecast, ids: Sequence[Sequence[str]]) -> bytes:
    """Draw forecasts with their intervals, one panel for each target of a series, up to MAX_PANELS.

    Args:
        panel: All series.
        found: The forecasts.
        ids: The name of each target of each series forecast.
    """
    lines = list(islice(_lines(panel, found, ids), MAX_PANELS))
    with plot_style():
        n_panels = max(1, len(lines))
        figure = Figure(figsize=(9, 0.6 + 1.5 * n_panels), dpi=120, layout="constrained")
        panels = figure.subplots(n_panels, 1, squeeze=False)[:, 0]
        for line, axes in zip(lines, panels, strict=False):
            draw_actual(axes, line.history)
            _draw_forecast(axes, line, found.levels)
            axes.set_title(line.name, loc="left", fontsize="medium", parse_math=False)  # a $ is a $
        n_lines = sum(map(len, ids))
        if n_lines > len(lines):
            panels[-1].set_xlabel(f"the first {len(lines)} of {n_lines}")
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside upper right", ncols=4, frameon=False)
        return png_bytes(figure)


def _lines(
    panel: Panel, found: NewestForecast, ids: Sequence[Sequence[str]]
) -> Iterator[NewestLine]:
    n_steps, targets = found.values.shape[1], panel.only_targets()
    shown = max(LEAST_HISTORY, HISTORY * n_steps)
    for place, (number, names) in enumerate(zip(found.series, ids, strict=True)):
        known = panel.stops[number] - panel.offsets[number]
        history = targets.series(number).iloc[max(0, known - shown) : known]
        for target, name in enumerate(names):
            yield NewestLine(
                name,
                history.iloc[:, target],
                found.times[place],
                found.values[place, :, target],
                found.bounds[:, :, place, :, target],
            )


def _draw_forecast(axes: Axes, line: NewestLine, levels: Sequence[float]) -> None:
    bands = sorted(zip(levels, line.bounds, strict=True), key=itemgetter(0))
    for number, (level, (lower, upper)) in enumerate(bands):  # the narrower, the darker
        axes.fill_between(
            line.times,
            lower,
            upper,
            color=MODEL_COLOR,
            alpha=0.36 / (number + 1),
            linewidth=0,
            label=f"{level:g} %",
        )
    axes.plot(
        line.times,
        line.forecast,
        color=MODEL_COLOR,
        linewidth=1.4,
        marker="o" if len(line.forecast) == 1 else None,  # one point makes no line
        markersize=3,
        label="forecast",
    )
