import jsonschema
import pytest

from forecasting.errors import ParamsError
from pipeline.form import Request, order_of
from pipeline.overrides import apply_overrides
from stages._params import load_params
from tests.project import ROOT


def test_an_empty_form_asks_for_an_isolated_run_of_the_last_commit():
    order = order_of({})
    assert (order.isolated, order.revision, order.overrides) == (True, "HEAD", ())
    assert (order.refresh, order.push, order.overlap, order.most) == (False, False, "beside", None)


def test_what_is_filled_in_is_written_as_on_the_command_line():
    overrides = {
        "seed": 7,
        "train": {"optimizer": {"learning_rate": 1e-05}, "layers": [{"units": 3}]},
        "split": {"validation_from": "2024-02-01", "test_size": 0.25},
    }
    assert order_of({"overrides": overrides}).overrides == (
        "seed=7",
        "train.optimizer.learning_rate=1e-05",
        'train.layers=[{"units": 3}]',
        'split.validation_from="2024-02-01"',
        "split.test_size=0.25",
    )


def test_the_written_values_are_read_as_they_were_meant(tmp_path):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    overrides = {
        "train": {"optimizer": {"learning_rate": 1e-05}, "early_stopping": {"patience": 3, "min_delta": 0.5}},
        "ingest": {"features": ["a", "b"], "separator": ";"},
        "split": {"validation_from": "2024-02-01", "test_from": "2024-03-01"},
    }  # fmt: skip
    apply_overrides(tmp_path, order_of({"overrides": overrides}).overrides)
    params = load_params(tmp_path / "params.yaml")
    assert params.train.optimizer.learning_rate == 1e-05
    assert params.train.early_stopping.patience == 3
    assert params.ingest.features == ["a", "b"]
    assert params.ingest.separator == ";"
    assert params.split.validation_from == "2024-02-01"


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"pushy": True}, "pushy: Extra inputs are not permitted"),
        ({"overlap": "sometimes"}, "overlap: Input should be 'beside', 'wait' or 'skip'"),
        ({"most": 0}, "most: Input should be greater than or equal to 1"),
    ],
)
def test_a_form_that_is_filled_in_wrongly_is_one_sentence(request_, sentence):
    with pytest.raises(ParamsError) as refused:
        order_of(request_)
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
