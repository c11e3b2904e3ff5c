import struct

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from forecasting.plots import forecast_plot, loss_plot

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
    return loss_plot(
        pd.DataFrame({"epoch": [1, 2, 3], "loss": losses, "val_loss": [1.1, 0.6, 0.4]})
    )


def forecasts(features=("load", "oil"), horizon=1):
    times = pd.date_range("2024-01-01", periods=48, freq="h", unit="us")
    values = np.random.default_rng(1).normal(size=(48, len(features)))
    starts = np.arange(20, 48 - horizon, 3)
    predicted = values[starts[:, None] + np.arange(horizon)] + 0.1
    return forecast_plot(
        pd.DataFrame(values, index=times, columns=list(features)), predicted, starts, rows=30
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
def test_each_feature_has_its_panel_up_to_the_eighth(horizon):
    def height(n_features):
        png = forecasts([f"f{number}" for number in range(n_features)], horizon)
        return struct.unpack(">I", png[20:24])[0]

    assert [height(1), height(8), height(9)] == [
        252,
        1512,
        1512,
    ]  # (0.6 + 1.5 n) inches of 120 dots


def test_a_dollar_in_a_name_is_no_formula():
    assert chunk_names(forecasts(["price_$", "$\\no formula$"]))
