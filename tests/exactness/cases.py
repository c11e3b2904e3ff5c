"""Every option that changes arithmetic, as cases that yield named bytes, to compare processors by.

`python -m tests.exactness.cases RESULT [PREFIX...]` computes the cases whose names begin so, all of them
without a prefix, and writes the hash of every output. The options are read out of the schema:
what is added to a list there is covered here.
"""

import stages  # noqa: I001  the import is the seal

import contextlib
import copy
import functools
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from ruamel.yaml import YAML

from forecasting.models.baselines import fit_baselines
from forecasting.training.determinism import seal_tensorflow
from foundation.errors import ParamsError
from forecasting.data.filling import fill
from forecasting.evaluation.metrics import ERROR_NAMES, error_sums, overall, scores, skill
from forecasting.models.build import build_network
from forecasting.data.scaling import fit_scaling
from forecasting.data.simulation import simulate_station
from forecasting.data.windows import window_table
from stages import (
    calibrate, evaluate, forecast, ingest, predict, refit, simulate, split, train, windowing,
)  # fmt: skip
from stages.storage.artifacts import DEMO, Csv
from stages.storage.checkpoints import NO_CHECKPOINTS
from foundation.packages import LOCK_FILE
from foundation.params import Params, Section, check_params
from foundation.params.fields import Activation
from foundation.params.model import Layer
from foundation.processor import instructions
from tests.support.project import ROOT

Outputs = dict[str, bytes]
INITIALIZERS = [name for name in Layer.model_fields if name.endswith("_initializer")]
SMALL = {  # what is neither on a list nor a switch: the first value is that of the smallest case
    "simulate.rows": [90],
    "simulate.shops.stores": [3],
    "simulate.shops.days": [60],
    "simulate.shops.ahead": [4],
    "ingest.calendar": [
        [],
        ["hour", "weekday", "day_of_month", "day_of_year", "month", "holidays:PT"],
    ],
    "windowing.lookback": [5],
    "windowing.horizon": [1, 3],
    "evaluate.season": [5],
    "split.gap": ["lookback", 0],
    "model.layers": [1, 2],  # how many
    "model.layers.0.units": [50, 11],  # at 50, XLA takes matrix products by processor unless sealed
    "model.layers.0.dropout": [0.0, 0.25],
    "model.layers.0.recurrent_dropout": [0.0, 0.25],
    "model.layers.0.kernel_regularizer": [None, {"l1": 0.001, "l2": 0.01}],
    "model.layers.0.recurrent_regularizer": [None, {"l1": 0.001, "l2": 0.01}],
    "model.layers.0.bias_regularizer": [None, {"l1": 0.001, "l2": 0.01}],
    "train.optimizer.learning_rate": [0.001],
    "train.optimizer.clipnorm": [None, 0.1],
    "train.epochs": [3],
    "train.batch_size": [16],
    "train.early_stopping": [None, {"patience": 1, "min_delta": 1e9}],
    "model.targets_min": [None, 0.0],
    "forecast.horizon": [4],  # fed back, with a horizon of 1 or 3
    "intervals.levels": [[50, 80]],
    "intervals.gamma": [0.05],
    "train.reduce_lr_on_plateau": [None, {"patience": 1, "factor": 0.3, "min_lr": 0.0}],
}

SHORT = {"simulate.rows": 300, "windowing.lookback": 5, "evaluate.season": 5, "train.epochs": 1}
LARGE: dict[str, dict[str, Any]] = {  # products that caches of other sizes would cut elsewhere
    "batch of 128": SHORT | {"train.epochs": 2, "train.batch_size": 128},
    "large batch": SHORT
    | {"simulate.rows": 900, "train.batch_size": 700, "model.layers.0.units": 160},
    "large layer": SHORT | {"simulate.rows": 90, "model.layers.0.units": 600},
    "many features": SHORT | {"simulate.rows": 150, "train.batch_size": 64},
    "long lookback": SHORT | {"simulate.rows": 800, "windowing.lookback": 600},
    "many covariates": SHORT
    | {
        "simulate.table": "shops",
        "simulate.shops.ahead": 60,
        "windowing.horizon": 60,
        "train.batch_size": 128,
    }
    | {"ingest.calendar": ["weekday", "holidays:PT"]},
}
ROLES = {  # of the columns of the shops: numbers and a text of each kind of covariate
    "id": "store",
    "past_covariates": ["hours"],
    "future_covariates": ["price", "promotion"],
    "static_covariates": ["kind", "size"],
}
COPIES = {"many features": 120}  # of the demo's five columns
NEWER: dict[str, dict[str, Any]] = {  # forecast from another table than the one that was trained on
    "newer rows": SHORT | {"forecast.horizon": 4},
    "newer rows of shops": SHORT
    | {"simulate.table": "shops", "simulate.shops.stores": 3, "simulate.shops.days": 60},
}
SCORED_WITH = (  # each value of these in a run of all stages; in the others the model alone is compared
    "model.scaler", "split.method", "windowing.horizon", "forecast.refit", "intervals.adaptive",
    "model.targets_min", "simulate.table",
)  # fmt: skip
NEWER_TABLE = Path("data/newest/table.csv")
ROWS_AWAY = 12  # from the end of the newer table, as if it were of an earlier day


@functools.cache
def choices() -> dict[str, list[Any]]:
    """Map every parameter with something to choose from to what the schema lets it be."""
    found = SMALL | dict(_listed(Params, ""))
    return {path: [v for v in values if _is_taken(path, v)] for path, values in found.items()}


def _listed(section: type[Section], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if get_origin(kind) is Literal:
            yield prefix + name, list(get_args(kind))
        elif kind is bool:
            yield prefix + name, [True, False]
        elif isinstance(kind, type) and issubclass(kind, Section):
            yield from _listed(kind, f"{prefix}{name}.")
        elif kind == list[Layer]:
            yield from _listed(Layer, f"{prefix}{name}.0.")


def leaves(section: type[Section], prefix: str) -> set[str]:
    """Name every parameter of a section, by its path."""
    ours = {name: field.annotation for name, field in section.model_fields.items()}
    nested = {n: k for n, k in ours.items() if isinstance(k, type) and issubclass(k, Section)}
    inner = [leaves(kind, f"{prefix}{name}.") for name, kind in nested.items()]
    layers = [leaves(Layer, f"{prefix}{n}.0.") for n, kind in ours.items() if kind == list[Layer]]
    return {prefix + name for name in ours.keys() - nested.keys()}.union(*inner, *layers)


def _is_taken(path: str, value: Any) -> bool:
    try:
        _params({path: value})
    except ParamsError:
        return False
    return True


@functools.cache
def _committed() -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(ROOT / "params.yaml")
    return content


def _params(chosen: Mapping[str, Any]) -> Params:
    """Change the committed parameters at each path."""
    content = copy.deepcopy(_committed())
    for path, value in chosen.items():
        *sections, name = [int(key) if key.isdigit() else key for key in path.split(".")]
        if path != "model.layers":
            functools.reduce(lambda section, key: section[key], sections, content)[name] = value
    inner = [content["model"]["layers"][0] | {"return_sequences": True}]
    content["model"]["layers"][:0] = inner * (chosen.get("model.layers", 1) - 1)
    if content["simulate"]["table"] == "shops":
        content["ingest"] |= ROLES
        content["forecast"]["horizon"] = content["windowing"][
            "horizon"
        ]  # hours are a past covariate
    elif content["simulate"]["layout"] == "long":
        content["ingest"]["id"] = "id"  # without it, times are doubled
    return check_params(content, source="a case")


def runs() -> dict[str, dict[str, Any]]:
    """Choose parameters of as many runs as the longest list has values: each value is in one of them.

    Every list is shuffled by itself, else all switches would be on or off together. All begin with
    small weights, with which every activation stays finite; initializers have cases of their own.
    """
    small = {f"model.layers.0.{field}": ["random_uniform"] for field in INITIALIZERS}
    offered, rng = choices() | small, np.random.default_rng(0)
    n_runs = max(map(len, offered.values()))
    order = {path: rng.permutation(n_runs) % len(values) for path, values in offered.items()}
    return {
        f"run {number}": {path: values[order[path][number]] for path, values in offered.items()}
        for number in range(n_runs)
    }


def run_stages(
    chosen: Mapping[str, Any], *, evaluated: bool, copies: int = 1, newer: bool = False
) -> Outputs:
    """Run the stages with these parameters, in a folder of their own.

    Args:
        chosen: The parameters that are not the committed ones.
        evaluated: Whether to run those after the training.
        copies: Of every column of the demo.
        newer: Whether the forecast at the end is that of another table.
    """
    params = _params(chosen)
    keras.utils.clear_session()  # which counts names, as if it were a process of its own
    wanted: list[ModuleType] = [simulate, ingest, windowing, split, train]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copy(ROOT / LOCK_FILE, LOCK_FILE)
        after = [predict, calibrate, refit, evaluate, forecast]
        for stage in [*wanted, *after] if evaluated else wanted:
            stage.run(params)
            if stage is simulate:
                _adapt_table(gaps=params.ingest.gaps != "error", copies=copies)
        if newer:
            NEWER_TABLE.parent.mkdir()
            Csv(NEWER_TABLE).save(DEMO.load().iloc[:-ROWS_AWAY])
            forecast.run(_params({**chosen, "forecast.input": NEWER_TABLE.as_posix()}))
        files = sorted(path for path in Path().glob("*/**/*") if path.is_file())
        return {path.as_posix(): path.read_bytes() for path in files}


def _adapt_table(*, gaps: bool, copies: int) -> None:
    """Divide the demo table, so that it can be trained on unscaled, and take some hours out of it."""
    table = DEMO.load()
    keys = list(table.select_dtypes(exclude="number"))  # times and texts
    numbers = table.set_index(keys) / 1000
    numbers = pd.concat(
        [numbers, *((numbers + n).add_suffix(f"_{n}") for n in range(1, copies))], axis="columns"
    )
    missing = table["date"].unique()[[20, 21, 40]] if gaps else []
    DEMO.save(numbers.reset_index()[~table["date"].isin(missing)])


def initial_weights(field: str, name: str) -> Outputs:
    """Draw the weights that a layer of some size begins with."""
    seal_tensorflow(1)
    layers = [{"units": 37, field: name}]
    network = build_network(
        lookback=2, n_features=5, horizon=1, layers=layers, seed=1, normalise="none"
    )
    return {weight.path: weight.numpy().tobytes() for weight in network.weights}


@functools.cache
def activations() -> dict[str, Outputs]:
    """Compute every activation and its slope over a range of numbers, in one compiled function."""
    numbers = tf.constant(np.linspace(-20, 20, 10_007, dtype=np.float32))  # a prime: with a rest
    names = get_args(Activation)

    @tf.function(jit_compile=True)
    def compute(x: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
        computed = []
        for name in names:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = keras.activations.get(name)(x)
            computed.append((y, tape.gradient(y, x)))
        return computed

    return {
        name: {"values": values.numpy().tobytes(), "slopes": slopes.numpy().tobytes()}
        for name, (values, slopes) in zip(names, compute(numbers), strict=True)
    }


@functools.cache
def series() -> np.ndarray:
    """The demo table, in float64."""
    noise = _params({}).simulate.noise.model_dump()
    table = simulate_station(
        n_rows=400, start="2024-01-01", oil_time_constant=6.0, noise=noise, seed=7
    )
    return table.drop(columns="date").to_numpy()


@functools.cache
def baselines() -> dict[str, np.ndarray]:
    """Forecast with every baseline."""
    windows = window_table(len(series()), lookback=24, horizon=2, stride=1)
    parts = np.where(np.arange(len(windows)) < 300, "train", "test")
    known = np.arange(len(series())) < 300
    features = list(map(str, range(series().shape[1])))
    standard = fit_scaling(series(), known, method="standard", features=features)
    fitted = fit_baselines(
        fill(series()), windows.assign(part=parts), scaling=standard, seasons={"seasonal_naive": 24}
    )
    return fitted.forecast(windows[300:])


def scaled(method: str) -> Outputs:
    """Fit a scaling and apply it."""
    rows, features = np.ones(len(series()), dtype=bool), list(map(str, range(series().shape[1])))
    scaling = fit_scaling(series(), rows, method=method, features=features)
    found = {"center": scaling.center, "scale": scaling.scale, "scaled": scaling.apply(series())}
    return {name: np.ascontiguousarray(values).tobytes() for name, values in found.items()}


def metric(name: str) -> Outputs:
    """Score two baselines."""
    one, other = (
        scores(error_sums(series()[None], series()[None] * share)) for share in (0.9, 1.1)
    )
    gained = skill(overall(one)["mse"], overall(other)["mse"])
    return {"by feature": one[name].tobytes(), "overall": repr((overall(one)[name], gained)).encode()}  # fmt: skip


def cases() -> dict[str, Callable[[], Outputs]]:
    """Every case by its name, the quick ones first."""
    offered, found = choices(), {}
    for name in offered["model.scaler"]:
        found[f"scaler {name}"] = functools.partial(scaled, name)
    for name in ERROR_NAMES:
        found[f"metric {name}"] = functools.partial(metric, name)
    for name in baselines():
        found[f"baseline {name}"] = lambda name=name: {"forecasts": baselines()[name].tobytes()}
    for field in INITIALIZERS:
        for name in offered[f"model.layers.0.{field}"]:
            found[f"{field} {name}"] = functools.partial(initial_weights, field, name)
    for name in get_args(Activation):
        found[f"activation {name}"] = lambda name=name: activations()[name]
    seen: set[Any] = set()
    for name, chosen in runs().items():
        shown = {(path, chosen[path]) for path in SCORED_WITH}
        found[name] = functools.partial(run_stages, chosen, evaluated=not shown <= seen)
        seen |= shown
    for name, chosen in LARGE.items():
        found[name] = functools.partial(
            run_stages, chosen, evaluated=True, copies=COPIES.get(name, 1)
        )
    for name, chosen in NEWER.items():
        found[name] = functools.partial(run_stages, chosen, evaluated=True, newer=True)
    return found


def main(result: str, *prefixes: str) -> None:
    """Compute the cases whose names begin with one of the prefixes; write the hash of every output."""
    hashes: dict[str, dict[str, str]] = {}
    os.environ[NO_CHECKPOINTS] = "1"
    seal_tensorflow(1)
    for name, compute in cases().items():
        if not prefixes or name.startswith(prefixes):
            began = time.monotonic()
            outputs = compute()
            hashes[name] = {
                output: hashlib.sha256(content).hexdigest() for output, content in outputs.items()
            }
            print(f"{name}: {len(outputs)} outputs, {time.monotonic() - began:.1f} s", flush=True)
    features = np._core._multiarray_umath.__cpu_features__
    process = {
        "sealed": stages.SEALED,
        "instructions": sorted(instructions()),
        "numpy": sorted(name for name, enabled in features.items() if enabled),
    }
    text = json.dumps({"process": process, "cases": hashes}, indent=2)
    Path(result).write_text(f"{text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
