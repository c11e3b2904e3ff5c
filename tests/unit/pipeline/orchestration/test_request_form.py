import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from foundation.errors import ParamsError
from foundation.params import load_params
from pipeline.orchestration.request_form import (
    ForecastForm,
    Request,
    explain,
    forecast_request_of,
    request_of,
)
from pipeline.runs.forecast import ForecastRequest
from pipeline.runs.overrides import apply_overrides
from tests.support.project import ROOT


def test_an_empty_form_asks_for_an_isolated_run_of_the_last_commit():
    order = request_of({}, ROOT)
    assert (order.isolated, order.revision, order.overrides) == (True, "HEAD", ())
    assert (order.refresh, order.push, order.overlap, order.most) == (False, False, "allow", None)


def test_keep_is_how_many_experiments_are_kept():
    assert request_of({"keep": 50}, ROOT).most == 50


def test_what_is_filled_in_is_written_as_on_the_command_line():
    overrides = {
        "seed": 7,
        "model": {"layers": [{"units": 3}]},
        "train": {"optimizer": {"learning_rate": 1e-05}},
        "split": {"validation_from": "2024-02-01", "test_size": 0.25},
    }
    assert request_of({"overrides": overrides}, ROOT).overrides == (
        "seed=7",
        'model.layers=[{"units": 3}]',
        "train.optimizer.learning_rate=1e-05",
        'split.validation_from="2024-02-01"',
        "split.test_size=0.25",
    )


def test_the_written_values_are_read_as_they_were_meant(tmp_path):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    overrides = {
        "train": {"optimizer": {"learning_rate": 1e-05}, "early_stopping": {"patience": 3, "min_delta": 0.5}},
        "ingest": {"targets": ["a", "b"], "separator": ";"},
        "split": {"validation_from": "2024-02-01", "test_from": "2024-03-01"},
    }  # fmt: skip
    apply_overrides(tmp_path, request_of({"overrides": overrides}, ROOT).overrides)
    params = load_params(tmp_path / "params.yaml")
    assert params.train.optimizer.learning_rate == 1e-05
    assert params.train.early_stopping.patience == 3
    assert params.ingest.targets == ["a", "b"]
    assert params.ingest.separator == ";"
    assert params.split.validation_from == "2024-02-01"


def test_configurations_are_read_from_the_project_in_their_order(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/short.yaml").write_text("train: {epochs: 2}")
    (tmp_path / "long.yaml").write_text("train: {epochs: 200}")
    order = request_of({"config": ["long.yaml", "configs/short.yaml"]}, tmp_path)
    assert [(file.path, file.overrides) for file in order.config] == [
        ("long.yaml", ("train.epochs=200",)),
        ("configs/short.yaml", ("train.epochs=2",)),
    ]
    with pytest.raises(ParamsError, match=r"shorter\.yaml does not exist\. .*: short\.yaml\.$"):
        request_of({"config": ["configs/shorter.yaml"]}, tmp_path)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"pushy": True}, "pushy: Extra inputs are not permitted"),
        ({"overlap": "sometimes"}, "overlap: Input should be 'allow', 'wait' or 'skip'"),
        ({"config": "configs/a.yaml"}, "config: Input should be a valid list"),
        ({"keep": 0}, "keep: Input should be greater than or equal to 1"),
        ({"most": 3}, "most: Extra inputs are not permitted"),
        ({"overrides": 5}, 'found {"overrides": 5}. It should be as in {"overrides": {"train": '),
        ([1], "found [1]. It should be as in "),
        (None, "found null. It should be as in "),
    ],
)
def test_a_form_that_is_filled_in_wrongly_is_one_sentence(request_, sentence):
    with pytest.raises(ParamsError) as refused:
        request_of(request_, ROOT)
    assert sentence in str(refused.value)


SCHEMA = Request.model_json_schema()


@pytest.mark.parametrize(
    "overrides",
    [{}, {"train": {}}, {"train": {"epochs": 5}}, {"train": {"early_stopping": None}}],
)
def test_the_page_accepts_any_part_of_the_parameters(overrides):
    jsonschema.validate({"overrides": overrides}, SCHEMA)


@pytest.mark.parametrize(
    "overrides",
    [{"train": {"epochs": -1}}, {"train": {"epochs": "many"}}, {"epochs": 5}, {"split": {"method": "x"}}],
)  # fmt: skip
def test_the_page_refuses_what_the_schema_of_the_parameters_refuses(overrides):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"overrides": overrides}, SCHEMA)


def test_the_page_is_not_filled_in_with_values_that_would_override_the_file():
    assert "default" not in str(SCHEMA["$defs"]["Train"])
    assert "default" not in SCHEMA["properties"]["overrides"]


COMMITTED = """
seed: 42      # of the weights
ingest:
  separator: ","              # of the cells, such as ;,
model:
  layers:     # LSTM layers
    - units: 50
      dropout: 0.5  # a share
      kernel_regularizer: null
train:        # how it learns
  optimizer:
    clipnorm: null  # or a norm
  epochs: 7
gone: 1       # no longer a parameter
"""


def explained(text: str) -> dict[str, Any]:
    """The form of a commit whose params.yaml is this text, section by section."""
    definitions = deepcopy(SCHEMA["$defs"]) | {"Request": deepcopy(SCHEMA)}
    explain(definitions, YAML().load(text), commit="1a2b3c4d5e")
    return {name: section["properties"] for name, section in definitions.items()}


def test_a_field_says_what_it_means_and_what_its_value_is_now():
    form = explained(COMMITTED)
    told = {
        (section, name): field["description"]
        for section in ("Overrides", "Ingest", "Model", "Train", "Optimizer")
        for name, field in form[section].items()
        if field.get("description")
    }
    assert told == {
        ("Overrides", "seed"): "of the weights (now 42)",
        ("Overrides", "train"): "how it learns",
        ("Ingest", "separator"): 'of the cells, such as ; (now ",")',
        ("Model", "layers"): "LSTM layers",
        ("Train", "epochs"): "(now 7)",
        ("Optimizer", "clipnorm"): "or a norm (now null)",
    }


def test_the_form_says_of_which_commit_now_is():
    told = explained(COMMITTED)["Request"]["overrides"]["description"]
    assert told == (
        "Changes of params.yaml, after those of config; what is left empty stays as it is there; "
        "now: in commit 1a2b3c4"
    )


def test_a_new_layer_starts_as_the_first_one_is():
    layer = explained(COMMITTED)["Layer"]
    assert layer["units"]["default"] == 50
    assert (layer["dropout"]["default"], layer["dropout"]["description"]) == (0.5, "a share")
    assert layer["kernel_regularizer"]["default"] is None
    assert "default" not in layer["activation"]


def test_every_parameter_of_the_project_has_its_value_in_the_form_and_none_is_filled_in():
    params = YAML(typ="safe").load(ROOT / "params.yaml")
    form = explained((ROOT / "params.yaml").read_text())
    layer = {name: field["default"] for name, field in form.pop("Layer").items()}
    assert layer == params["model"]["layers"][0]
    for name, value in params["train"].items():
        if name != "optimizer":
            assert form["Train"][name]["description"].endswith(f"(now {json.dumps(value)})")
    for name in ("Overrides", "Model", "Train", "Ingest", "Split"):
        assert not [field for field in form[name].values() if "default" in field]


def test_an_empty_form_of_a_forecast_takes_the_newest_table_and_model():
    assert forecast_request_of({}, ROOT) == ForecastRequest()
    assert forecast_request_of(ForecastForm(), ROOT) == ForecastRequest()


def test_the_table_of_a_forecast_starts_from_the_project_and_the_rest_is_taken_over():
    form = {"run": "best", "table": "data/raw/newer.csv", "push": True, "keep": 7}
    assert forecast_request_of(form, ROOT) == ForecastRequest(
        table=ROOT / "data/raw/newer.csv", run="best", push=True, most=7
    )


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"keep": 0}, "keep: Input should be greater than or equal to 1"),
        ({"epochs": 5}, "epochs: Extra inputs are not permitted"),
        (
            {"table": "a.csv", "refresh": True},
            "it names the table a.csv, and refresh fetches another",
        ),
        (["keep"], "Input should be a valid dictionary"),
    ],
)
def test_a_form_of_a_forecast_that_is_not_valid_is_refused_by_name(form: Any, words: str):
    with pytest.raises(ParamsError, match=f"^The request is not valid: .*{words}"):
        forecast_request_of(form, ROOT)
