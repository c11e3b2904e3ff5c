import keras
import numpy as np
import pytest

from forecasting.data.filling import fill
from forecasting.data.scaling import Scaling, fit_scaling
from forecasting.models.build import build_network, orthogonal
from forecasting.models.raw_units import load_model, raw_unit_model
from forecasting.training.determinism import seal_tensorflow
from forecasting.training.fit import TrainingConfig, fit
from forecasting.training.inference import Forecaster
from forecasting.training.learning_curve import kept_epoch
from foundation.errors import StageFailedError
from tests.support.training import ADAM, REFERENCE_LAYER, network, waves


@pytest.fixture(autouse=True)
def sealed():
    seal_tensorflow(42)


def trained(series, model, **changes):
    starts = np.arange(len(series) - model.input_shape[1] - model.output_shape[1] + 1)
    data = {
        "series": fill(series),
        "train_starts": starts[: -len(starts) // 5],
        "validation_starts": starts[-len(starts) // 5 :],
        "report": lambda *values: None,
    }
    config = {"epochs": 3, "batch_size": 16, "optimizer": ADAM, "loss": "mse", "seed": 42}
    config |= {name: value for name, value in changes.items() if name not in data}
    return fit(
        model, TrainingConfig(**config), **(data | {n: changes.get(n, data[n]) for n in data})
    )


def windows_of(series, starts, lookback, horizon):
    inputs = np.stack([series[s : s + lookback] for s in starts])
    targets = np.stack([series[s + lookback : s + lookback + horizon] for s in starts])
    return inputs, targets.reshape(len(starts), -1)


@pytest.mark.parametrize(
    ("horizon", "layer", "loss", "optimizer"),
    [
        (1, {}, "mse", ADAM),
        (3, {"kernel_regularizer": {"l1": 0.001, "l2": 0.01}}, "mae", ADAM),
        (2, {"unit_forget_bias": False}, "huber", {"name": "sgd", "learning_rate": 0.1, "clipnorm": 0.5}),
    ],
)  # fmt: skip
def test_the_loss_curve_is_that_of_model_fit_from_the_same_weights_and_batches(
    horizon, layer, loss, optimizer
):
    lookback, epochs = 24, 10
    series = waves(330)
    starts = np.arange(len(series) - lookback - horizon + 1)
    train, validation = starts[:230], starts[230:]  # 230 = 14 * 16 + 6: a partial last batch
    ours = network(lookback=lookback, horizon=horizon, units=50, **layer)

    def batches():
        for epoch in range(epochs):
            order = np.random.default_rng([42, epoch]).permutation(train)
            for first in range(0, len(order), 16):
                yield windows_of(series, order[first : first + 16], lookback, horizon)

    arguments = {name: value for name, value in optimizer.items() if name != "name"}
    kind = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[optimizer["name"]]
    reference = keras_alone(ours, optimizer=kind(**arguments), loss=loss)
    curve = reference.fit(
        batches(),
        steps_per_epoch=15,
        epochs=epochs,
        shuffle=False,
        validation_data=windows_of(series, validation, lookback, horizon),
        verbose=0,
    ).history
    expected = np.transpose([curve["loss"], curve["val_loss"]])

    history = trained(
        series,
        ours,
        train_starts=train,
        validation_starts=validation,
        epochs=epochs,
        optimizer=optimizer,
        loss=loss,
    )
    np.testing.assert_allclose(history[["loss", "val_loss"]], expected, rtol=1e-5)
    assert history["loss"].iloc[-1] < 0.9 * history["loss"].iloc[0]


def keras_alone(network, **compiled):
    """The same layers and weights, compiled for `fit` of Keras."""
    layers = [type(layer).from_config(layer.get_config()) for layer in network.layers[:-1]]
    model = keras.Sequential([keras.Input(network.input_shape[1:]), *layers])
    model.set_weights(network.get_weights())
    model.compile(**compiled)
    return model


def bytes_of(model):
    return b"".join(weight.tobytes() for weight in model.get_weights())


def test_training_twice_gives_the_same_bytes():
    def weights():
        model = network(seed=1, dropout=0.2, recurrent_dropout=0.1)
        trained(waves(120), model, seed=1)
        return bytes_of(model)

    assert weights() == weights()


@pytest.fixture(scope="module")
def plain():
    """A trained network, its learning curve, and what was reported after each epoch."""
    model, reported = network(), []
    curve = trained(waves(60), model, report=lambda *values: reported.append(values))
    return model, curve, reported


def test_another_seed_gives_other_first_weights_and_another_order_of_the_windows(plain):
    assert bytes_of(network(seed=2)) != bytes_of(network())
    model = network()
    trained(waves(60), model, seed=2)

    assert bytes_of(model) != bytes_of(plain[0])


def test_progress_is_reported_after_each_epoch(plain):
    _, curve, reported = plain
    told = curve[["epoch", "loss", "val_loss"]]
    assert reported == [tuple(row) for row in told.itertuples(index=False)]
    assert [epoch for epoch, _, _ in reported] == [1, 2, 3]


def test_dropout_is_drawn_anew_at_every_batch_and_epoch():
    series = waves(120)
    standing_still = {"name": "sgd", "learning_rate": 1e-30, "clipnorm": None}
    history = trained(series, network(dropout=0.5), optimizer=standing_still, epochs=4)

    assert history["loss"].nunique() == 4  # same weights, other masks
    assert history["val_loss"].nunique() == 1  # no dropout while validating


@pytest.mark.parametrize(
    "layers",
    [
        [
            {"units": 6, "return_sequences": True, "recurrent_regularizer": {"l1": 0.1, "l2": 0.0}},
            {"units": 4, "bias_regularizer": {"l1": 0.0, "l2": 0.1}},
        ],
        [
            {"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False}
            | {"kernel_initializer": "orthogonal", "recurrent_initializer": "glorot_uniform"}
        ],
    ],
)
def test_every_layer_argument_reaches_the_trained_layer(layers, tmp_path):
    series = waves(90)
    given = [REFERENCE_LAYER | {"units": 5} | layer for layer in layers]
    model = build_network(
        lookback=8, n_features=3, horizon=2, layers=given, seed=1, normalise="none"
    )
    history = trained(series, model, epochs=2)
    assert np.isfinite(history.to_numpy()).all()

    raw_unit_model(model, Scaling(np.zeros(3), np.ones(3))).save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras").get_layer("network")
    for number, arguments in enumerate(given, start=1):
        config = loaded.get_layer(f"lstm_{number}").get_config()
        for name, value in arguments.items():
            if name.endswith("initializer"):
                found = keras.initializers.get(config[name])
                assert type(found) is type(keras.initializers.get(value))
            elif isinstance(value, dict):
                penalty = config[name]["config"]
                assert [penalty["l1"], penalty["l2"]] == pytest.approx([value["l1"], value["l2"]])
            else:
                assert config[name] == value, name


def test_orthogonal_weights_are_orthogonal_and_replace_those_of_tensorflow():
    for shape in [(4, 16), (16, 4), (5, 5)]:
        matrix = orthogonal(shape, np.random.default_rng(0)).astype(float)
        gram = matrix @ matrix.T if shape[0] < shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(gram, np.eye(min(shape)), atol=1e-6)

    recurrent = network(units=8, seed=3).get_layer("lstm_1").cell.recurrent_kernel.numpy()
    np.testing.assert_array_equal(recurrent, orthogonal((8, 32), np.random.default_rng([3, 0, 1])))


def test_early_stopping_stops_and_the_best_weights_are_kept():
    series = waves(120)
    too_fast = {"name": "sgd", "learning_rate": 5.0, "clipnorm": None}
    model = network()
    stopping = {"patience": 2, "min_delta": 0.0}
    history = trained(
        series, model, optimizer=too_fast, epochs=40, early_stopping=stopping, keep_best=True
    )

    best = int(history["val_loss"].idxmin())
    assert len(history) == best + 3 < 40
    assert kept_epoch(history) == best + 1
    assert history["kept"].sum() == 1
    again = network()
    trained(series, again, optimizer=too_fast, epochs=best + 1)
    assert [w.tolist() for w in model.get_weights()] == [w.tolist() for w in again.get_weights()]


NOISE = np.random.default_rng(1).normal(size=(120, 3)).astype(np.float32)
SGD = {"name": "sgd", "learning_rate": 0.5, "clipnorm": None}


@pytest.fixture(scope="module")
def lowered():
    """A network and its learning curve: on noise, its rate was lowered several times."""
    model, plateau = network(), {"patience": 1, "factor": 0.5, "min_lr": 0.0}
    curve = trained(NOISE, model, optimizer=SGD, epochs=8, reduce_lr_on_plateau=plateau)
    return model, curve


def test_a_plateau_lowers_the_learning_rate_inside_the_compiled_epoch(lowered):
    model, curve = lowered
    constant = trained(NOISE, network(), optimizer=SGD, epochs=8)

    assert float(model.optimizer.learning_rate) < 0.5
    rates = curve["learning_rate"].tolist()  # of each epoch as it began
    assert rates[0] == 0.5
    assert set(rates) <= {0.5 / 2**times for times in range(8)}
    assert rates == sorted(rates, reverse=True)
    assert kept_epoch(curve) == 8  # the last one
    assert curve["loss"].iloc[0] == constant["loss"].iloc[0]
    assert curve["loss"].iloc[-1] != constant["loss"].iloc[-1]


def test_a_training_with_the_learning_rates_of_another_ends_with_its_weights(lowered):
    first, curve = lowered
    assert curve["learning_rate"].nunique() > 2
    again, rates = network(), curve["learning_rate"].tolist()

    replayed = trained(NOISE, again, optimizer=SGD, epochs=8, learning_rates=rates)

    assert replayed["learning_rate"].tolist() == rates
    assert bytes_of(again) == bytes_of(first)


def test_a_loss_that_is_no_longer_a_number_names_the_epoch():
    series = waves(60)
    series[-1] = np.inf  # only the last validation window reads it
    with pytest.raises(
        StageFailedError, match=r"diverged in epoch 1: .*val_loss=inf.*learning_rate"
    ):
        trained(series, network())


@pytest.mark.parametrize(
    ("level", "spread"), [(0.0, 1.0), (1.5e9, 10.0), (0.0, 1e-12), (-3e5, 1e7)]
)
def test_the_saved_model_takes_and_returns_raw_units_whatever_their_size(level, spread, tmp_path):
    values = level + spread * waves(60).astype(np.float64)
    scaling = fit_scaling(
        values, np.ones(60, dtype=bool), method="standard", features=["a", "b", "c"]
    )
    inner = network(lookback=8, horizon=2)
    raw_unit_model(inner, scaling).save(tmp_path / "model.keras")

    model = load_model(tmp_path / "model.keras")
    found = Forecaster(model, fill(values)).forecast(np.arange(40))

    scaled = scaling.apply(values).astype(np.float32)
    inputs = np.stack([scaled[s : s + 8] for s in range(40)])
    expected = scaling.invert(inner(inputs).numpy().astype(np.float64))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found - level, expected - level, rtol=1e-4, atol=1e-5 * spread)
    assert np.ptp(found, axis=0).min() > 0.01 * spread  # forecasts still tell the windows apart


def test_a_training_with_missing_cells_is_that_of_model_fit_on_the_filled_windows():
    values = waves(120)
    values[[13, 14, 60], 1] = np.nan
    values[[30, 31, 90], :] = np.nan
    filled = fill(values)
    observed = ~np.isnan(values).any(axis=1)
    starts = np.array([s for s in range(112) if observed[s + 8]])
    ours = network()
    reference = keras_alone(ours, optimizer=keras.optimizers.Adam(), loss="mse")
    order = np.random.default_rng([42, 0]).permutation(starts)
    inputs = filled.read(order[:, None] + np.arange(8), order[:, None] + 8)
    result = reference.fit(inputs, values[order + 8], batch_size=16, shuffle=False, verbose=0)

    history = trained(values, ours, train_starts=starts, validation_starts=starts, epochs=1)

    assert history["loss"].iloc[0] == pytest.approx(result.history["loss"][0], rel=1e-5)
