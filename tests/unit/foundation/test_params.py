import copy
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foundation.errors import ParamsError
from foundation.params import check_params, load_params, moved_to
from tests.support.project import ROOT

COMMITTED = YAML(typ="safe").load(ROOT / "params.yaml")
LAYER = COMMITTED["model"]["layers"][0]
MISSING = object()


def changed(*changes):
    """The committed parameters with a value set, or removed, at each dotted path."""
    content = copy.deepcopy(COMMITTED)
    for path, value in changes:
        *sections, name = [int(key) if key.isdigit() else key for key in path.split(".")]
        section = content
        for key in sections:
            section = section[key]
        if value is MISSING:
            del section[name]
        else:
            section[name] = value
    return content


def problems(content):
    """What is said to be wrong, line by line, after the line that names the file."""
    with pytest.raises(ParamsError) as error:
        check_params(content, source="params.yaml")
    first, *lines = str(error.value).split("\n")
    assert first == "Invalid values in params.yaml:"
    return [line.removeprefix("  ") for line in lines]


def test_the_committed_parameters_are_the_reference_configuration():
    params = load_params(ROOT / "params.yaml")

    (layer,) = params.model.layers
    assert (layer.units, layer.activation, layer.recurrent_activation) == (50, "tanh", "sigmoid")
    assert (layer.dropout, layer.recurrent_dropout) == (0, 0)
    assert (params.train.optimizer.name, params.train.optimizer.learning_rate) == ("adam", 0.001)
    assert params.train.loss == "mse"
    assert (params.train.epochs, params.train.batch_size) == (100, 16)
    assert params.train.early_stopping is None
    assert params.train.reduce_lr_on_plateau is None
    assert (params.split.method, params.split.test_size) == ("random", 0.2)
    assert params.split.random_state == 42
    assert (params.windowing.horizon, params.windowing.stride) == (1, 1)
    assert params.ingest.targets == "all"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ingest.targets", ["load_city", "oil"]),
        (
            "ingest.calendar",
            [
                "hour",
                "weekday",
                "day_of_month",
                "day_of_year",
                "month",
                "holidays:PT",
                "holidays:US-CA",
            ],
        ),
        ("ingest.separator", "\t"),
        ("intervals.levels", []),
        ("intervals.levels", [50, 97.5]),
        ("model.targets_min", -1.5),
        ("train.optimizer.learning_rate", 1),
        ("train.optimizer.clipnorm", 1.0),
        ("train.early_stopping", {"patience": 3, "min_delta": 0}),
        ("train.reduce_lr_on_plateau", {"patience": 3, "factor": 0.5, "min_lr": 0.0}),
        ("model.layers.0.kernel_regularizer", {"l1": 0, "l2": 0.01}),
        ("model.layers", [LAYER | {"return_sequences": True}, LAYER]),
        ("simulate.start", "2024-01-01 12:00"),
    ],
)
def test_other_valid_values_are_taken(path, value):
    found = check_params(changed((path, value)), source="params.yaml")

    for key in path.split("."):
        found = found[int(key)] if key.isdigit() else getattr(found, key)
    if isinstance(value, dict):
        assert found.model_dump() == value
    elif path == "model.layers":
        assert [layer.return_sequences for layer in found] == [True, False]
    else:
        assert found == value


def test_parameters_cannot_be_changed_later():
    with pytest.raises(ValueError, match="frozen"):
        load_params(ROOT / "params.yaml").seed = 1


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("sed", 1, "sed: is not a parameter, found 1"),
        ("model.layers.0.unit", 50, "model.layers.0.unit: is not a parameter, found 50"),
        ("ingest.5", 1, "ingest.5: Keys should be strings, found 5"),
        ("seed", MISSING, "seed: is missing"),
        ("model.layers.0.units", MISSING, "model.layers.0.units: is missing"),
        ("evaluate", MISSING, "evaluate: is missing"),
        ("evaluate", None, "evaluate: should be a section, with a line for each parameter, found None"),
        ("train.epochs", "100", "train.epochs: Input should be a valid integer, found '100'"),
        ("train.epochs", 100.0, "train.epochs: Input should be a valid integer, found 100.0"),
        ("train.batch_size", True, "train.batch_size: Input should be a valid integer, found True"),
        ("train.batch_size", 0, "train.batch_size: Input should be greater than 0, found 0"),
        ("windowing.stride", 2**31, "windowing.stride: Input should be less than 2147483648, found 2147483648"),
        ("seed", -1, "seed: Input should be greater than or equal to 0, found -1"),
        ("split.test_size", True, "split.test_size: Input should be a valid number, found True"),
        ("split.test_size", 1, "split.test_size: Input should be less than 1, found 1"),
        ("split.test_size", "0.2", "split.test_size: Input should be a valid number, found '0.2'"),
        ("train.optimizer.learning_rate", float("nan"), "train.optimizer.learning_rate: Input should be a finite number, found nan"),
        ("train.optimizer.learning_rate", float("inf"), "train.optimizer.learning_rate: Input should be a finite number, found inf"),
        ("simulate.noise.oil", float("-inf"), "simulate.noise.oil: Input should be a finite number, found -inf"),
        ("model.layers.0.use_bias", 1, "model.layers.0.use_bias: Input should be a valid boolean, found 1"),
        ("model.layers.0.use_bias", "yes", "model.layers.0.use_bias: Input should be a valid boolean, found 'yes'"),
        ("train.loss", "rmse", "train.loss: Input should be 'mse', 'mae' or 'huber', found 'rmse'"),
        ("model.layers", [], "model.layers: List should have at least 1 item after validation, not 0, found []"),
        ("model.layers.0.return_state", True, "model.layers.0.return_state: true is not supported yet; set it to false, found True"),
        ("model.layers.0.return_sequences", True, "model.layers.0.return_sequences: true in the last layer (supervision at every step) is not supported yet; set it to false"),
        ("model.layers", [LAYER, LAYER], "model.layers.0.return_sequences: should be true, as the next layer reads its output at every step"),
        ("ingest.targets", ["a", "a"], "ingest.targets: should name each column once, and none that has another role, found 'a' in targets already"),
        ("ingest.targets", ["date"], "ingest.targets: should name each column once, and none that has another role, found 'date' in time already"),
        ("ingest.future_covariates", ["p", "date"], "ingest.future_covariates: should name each column once, and none that has another role, found 'date' in time already"),
        ("ingest.static_covariates", ["kind"], "ingest.static_covariates: should be empty for a single series, which they cannot tell from others; set ingest.id if there are several, found ['kind']"),
        ("ingest.calendar", ["hour", "month", "hour"], "ingest.calendar: should name each entry once, found twice: 'hour'"),
        ("ingest.calendar", ["hours"], "ingest.calendar.0: should be hour, weekday, day_of_month, day_of_year, month, or holidays with the code of a country, such as holidays:PT or holidays:US-CA, found 'hours'"),
        ("ingest.calendar", ["hour", "holidays:pt"], "ingest.calendar.1: should be hour, weekday, day_of_month, day_of_year, month, or holidays with the code of a country, such as holidays:PT or holidays:US-CA, found 'holidays:pt'"),
        ("forecast.horizon", 0, "forecast.horizon: Input should be greater than 0, found 0"),
        ("intervals.levels", [80, 100], "intervals.levels.1: Input should be less than 100, found 100"),
        ("intervals.levels", [80, 90.5, 80.0], "intervals.levels: should name each level once, found [80, 90.5, 80]"),
        ("intervals.gamma", 1, "intervals.gamma: Input should be less than 1, found 1"),
        ("ingest.past_covariates", ["rain", "wind"], "forecast.horizon: should be 1 or less, as rain, wind (ingest.past_covariates) are not known after windowing.horizon steps, found 24; lengthen windowing.horizon to forecast further"),
        ("ingest.decimal", "'", "ingest.decimal: Input should be '.' or ',', found \"'\""),
        ("ingest.decimal", ",", "ingest.separator: should differ from the decimal, found ','"),
        ("ingest.separator", "x", "ingest.separator: should be a mark such as , or ; or a tab, not a quote or a sign, found 'x'"),
        ("ingest.separator", "\n", "ingest.separator: should be a mark such as , or ; or a tab, not a quote or a sign, found '\\n'"),
        ("ingest.separator", ";;", "ingest.separator: String should have at most 1 character, found ';;'"),
        ("simulate.start", "noon", "simulate.start: should be a date without a zone, such as 2024-01-01, found 'noon'"),
        ("simulate.start", "2024-01-01T00:00Z", "simulate.start: should be a date without a zone, such as 2024-01-01, found '2024-01-01T00:00Z'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_by_its_path(path, value, problem):
    assert problems(changed((path, value))) == [problem]


def test_a_column_has_one_role():
    both = changed(
        ("ingest.past_covariates", ["load", "rain"]), ("ingest.future_covariates", ["rain"])
    )

    assert problems(both) == [
        "ingest.future_covariates: should name each column once, and none that has another role, found "
        "'rain' in past_covariates already"
    ]


def test_a_model_with_past_covariates_forecasts_as_far_as_its_horizon():
    content = changed(("ingest.past_covariates", ["rain"]), ("windowing.horizon", 24))

    assert check_params(content, source="params.yaml").ingest.past_covariates == ["rain"]


def test_the_old_name_of_the_targets_is_answered_with_the_new_one():
    content = changed(("ingest.features", "all"), ("ingest.targets", MISSING))

    with pytest.raises(
        ParamsError, match=r"^params\.yaml: ingest\.features is now ingest\.targets\. "
    ):
        check_params(content, source="params.yaml")


@pytest.mark.parametrize("targets", [5, "oil", [], {"oil": 1}])
def test_targets_are_all_or_a_list(targets):
    first, second = problems(changed(("ingest.targets", targets)))

    assert first == f"ingest.targets: Input should be 'all', found {targets!r}"
    assert second.startswith("ingest.targets: ")
    assert "ist should" in second or "valid list" in second


@pytest.mark.parametrize(
    "raw",
    ["/data/table.csv", "~/table.csv", "../table.csv", "data/../../table.csv", "data\\table.csv",
     "data/ta\0ble.csv"],
)  # fmt: skip
def test_a_raw_table_outside_the_project_is_refused(raw):
    (problem,) = problems(changed(("ingest.raw", raw)))

    assert problem.startswith("ingest.raw: should be a path inside the project, such as data/raw/")
    assert problem.endswith(f"found {raw!r}")


def test_a_raw_table_of_another_kind_is_refused():
    assert problems(changed(("ingest.raw", "data/table.xls"))) == [
        "ingest.raw: should name a .csv, .parquet or .xlsx file, found 'data/table.xls'"
    ]


def test_all_problems_are_reported_at_once_each_by_its_path():
    content = changed(
        ("train.epoch", 5),
        ("train.epochs", MISSING),
        ("windowing.horizon", -1),
        ("model.layers.0.dropout", 1.0),
        ("ingest.gaps", "ignore"),
    )

    assert sorted(line.split(": ")[0] for line in problems(content)) == [
        "ingest.gaps",
        "model.layers.0.dropout",
        "train.epoch",
        "train.epochs",
        "windowing.horizon",
    ]


def test_a_file_of_the_old_form_is_one_sentence_that_names_the_new_place_of_each_parameter():
    content = changed()
    content["train"] |= content.pop("model")

    with pytest.raises(ParamsError) as refused:
        check_params(content, source="params.yaml")
    assert str(refused.value) == (
        "params.yaml: train.layers is now model.layers, train.scaler is now model.scaler. Move what "
        "is there to the new place."
    )


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("train.scaler", "model.scaler"),
        ("train.layers.0.units", "model.layers.0.units"),
        ("train.layers_", None),
        ("train", None),
        ("model.scaler", None),
    ],
)
def test_a_moved_parameter_and_what_lies_in_it_have_a_new_name(name, now):
    assert moved_to(name) == now


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"should hold the sections of the parameters, found None"),
        ("- 1", r"should hold the sections of the parameters, found \[1\]"),
        ("seed: [1", r"is not valid YAML: .*line 1, column 7"),
        ("seed: 1\nseed: 2", r"is not valid YAML: .*duplicate key"),
        ("seed: 2024-13-45", r"is not valid YAML: month must be in 1\.\.12"),
        ("seed: !!bool x", r"is not valid YAML: 'x'"),
        ("seed: " + "1" * 5000, r"is not valid YAML: Exceeds the limit"),
        ("seed: !python 1", r"is not valid YAML: .*'!python'"),
        ("\tseed: 1", r"is not valid YAML"),
        (b"seed: \xff", r"is not valid YAML"),
    ],
)
def test_a_file_that_holds_no_parameters_is_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "params.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(ParamsError, match=rf"\A[^\n]*params\.yaml {message}[^\n]*\Z"):
        load_params(file)


def test_a_missing_file_says_where_to_run():
    with pytest.raises(ParamsError, match=r"^nowhere.yaml is missing from this folder\. Run from"):
        load_params(Path("nowhere.yaml"))


def test_a_folder_is_no_file_of_parameters(tmp_path):
    with pytest.raises(ParamsError, match=r"cannot be read: Is a directory\. It should be a read"):
        load_params(tmp_path)


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    text = (ROOT / "params.yaml").read_text()
    assert "learning_rate: 0.001" in text
    file = tmp_path / "params.yaml"
    file.write_text(text.replace("learning_rate: 0.001", "learning_rate: 1e-3"))

    assert load_params(file).train.optimizer.learning_rate == 0.001  # YAML 1.1 has it a string
