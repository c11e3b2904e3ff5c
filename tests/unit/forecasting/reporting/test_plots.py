import struct

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from forecasting.reporting import plots
from forecasting.reporting.plots import forecast_plot, loss_plot

HOSTILE = {
    "axes.facecolor": "red",
    "axes.prop_cycle": mpl.cycler(color=["green"]),
    "date.autoformatter.day": "%A",
    "figure.dpi": 300,
    "font.size": 30,
    "lines.linewidth": 9,
    "path.sketch": (1, 100, 2),
    "savefig.bbox": "tight",
    "savefig.dpi": 30,
    "savefig.transparent": True,
    "text.usetex": True,
}


def loss(losses=(1.0, 0.5, 0.25)):
    return loss_plot(history(loss=losses, val_loss=(1.1, 0.6, 0.4), kept=(0, 1, 0)))


def history(**columns):
    epochs = range(1, len(columns["loss"]) + 1)
    return pd.DataFrame({"epoch": epochs, **columns})


def forecasts(targets=("load", "oil"), horizon=1):
    times = pd.date_range("2024-01-01", periods=48, freq="h", unit="us")
    values = np.random.default_rng(1).normal(size=(48, len(targets)))
    starts = np.arange(20, 48 - horizon, 3)
    predicted = values[starts[:, None] + np.arange(horizon)] + 0.1
    return forecast_plot(
        pd.DataFrame(values, index=times, columns=list(targets)),
        predicted,
        starts,
        rows=30,
        part="test",
    )


PLOTS = pytest.mark.parametrize("draw", [loss, forecasts])


def chunk_names(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    position, names = 8, []
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position : position + 8])
        names.append(name.decode())
        position += length + 12
    return names


@PLOTS
def test_the_same_content_is_the_same_bytes(draw):
    assert draw() == draw()


@PLOTS
def test_a_users_own_settings_change_nothing_and_are_left_alone(draw):
    expected = draw()
    with mpl.rc_context(HOSTILE):
        before = dict(mpl.rcParams)
        assert draw() == expected
        assert dict(mpl.rcParams) == before


@PLOTS
def test_a_plot_tells_no_time_and_no_program(draw):
    assert set(chunk_names(draw())) == {"IHDR", "pHYs", "IDAT", "IEND"}


def test_other_losses_are_another_plot():
    assert loss() != loss((2.0, 0.5, 0.25))


def test_a_loss_of_zero_can_be_drawn():
    assert chunk_names(loss((1.0, 0.5, 0.0)))


@pytest.mark.parametrize("horizon", [1, 6])
def test_each_target_has_its_panel_up_to_the_eighth(horizon):
    def height(n_targets):
        png = forecasts([f"t{number}" for number in range(n_targets)], horizon)
        return struct.unpack(">I", png[20:24])[0]

    assert [height(1), height(8), height(9)] == [
        252,
        1512,
        1512,
    ]  # (0.6 + 1.5 n) inches of 120 dots


def test_a_dollar_in_a_name_is_no_formula():
    assert chunk_names(forecasts(["price_$", "$\\no formula$"]))


@pytest.fixture
def drawn(monkeypatch):
    """Leave the figures open: what a function of plots returns is its figure."""
    monkeypatch.setattr(plots, "png_bytes", lambda figure: figure)


def test_the_kept_epoch_is_marked_on_the_curve_of_validation(drawn):
    figure = loss_plot(history(loss=(3.0, 2.0, 1.0), val_loss=(5.0, 4.0, 6.0), kept=(0, 1, 0)))
    mark = figure.axes[0].lines[-1]

    assert mark.get_label() == "kept: epoch 2"
    assert mark.get_xydata().tolist() == [[2.0, 4.0]]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "training",
        "validation",
        "kept: epoch 2",
    ]


def test_a_training_of_one_epoch_can_be_seen_and_has_no_halves_of_an_epoch(drawn):
    axes = loss_plot(history(loss=(3.0,), val_loss=(5.0,), kept=(1,))).axes[0]

    assert [line.get_marker() for line in axes.lines] == [".", ".", "o"]
    assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1.0]


def actual(*values):
    """The line of what happened, where the last of the values is forecast."""
    times = pd.date_range("2024-01-01", periods=len(values), freq="h", unit="us", name="time")
    series = pd.DataFrame({"oil": values}, index=times, dtype=float)
    figure = forecast_plot(
        series, np.zeros((1, 1, 1)), np.array([len(values) - 1]), rows=10, part="test"
    )
    return figure.axes[0].lines[0]


def test_the_line_of_what_happened_breaks_where_values_are_missing(drawn):
    line = actual(1, 2, None, None, 3, 4)
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, True, False, False]
    assert not any(line.get_markevery())


def test_a_value_between_missing_ones_is_a_dot(drawn):
    line = actual(1, None, 2, None, 3, 4)
    assert line.get_marker() == "."
    assert line.get_markevery().tolist() == [True, False, True, False, False, False]


def test_a_series_without_gaps_has_no_dots(drawn):
    assert actual(1, 2, 3, 4).get_marker() == "None"


@pytest.mark.parametrize("scale", [1.0, 1e9])
def test_long_names_lie_in_the_figure_and_on_nothing_else(drawn, scale):
    names = [f"t{number}_{'x' * 37}" for number in range(8)]  # 40 characters
    times = pd.date_range("2024-01-01", periods=9, freq="h", unit="us")
    series = pd.DataFrame(scale * np.arange(72).reshape(9, 8), index=times, columns=names)
    figure = forecast_plot(series, scale * np.ones((1, 1, 8)), np.array([8]), rows=9, part="test")
    figure.draw_without_rendering()

    shown = {text.get_text(): text.get_window_extent() for text in figure.findobj(Text)}
    boxes = [shown[name] for name in names]
    others = [*figure.axes, *figure.legends, *[axes.yaxis.offsetText for axes in figure.axes]]
    for box in boxes:
        assert figure.bbox.contains(*box.min) and figure.bbox.contains(*box.max)
        assert box.count_overlaps([other.get_window_extent() for other in others]) == 0
        assert box.count_overlaps(boxes) == 1  # itself


def test_a_figure_of_some_of_the_targets_says_so(drawn):
    figure = forecasts([f"t{number}" for number in range(9)])
    assert figure.axes[-1].get_xlabel() == "the first 8 of 9 targets"
    assert forecasts(["a", "b"]).axes[-1].get_xlabel() == ""
