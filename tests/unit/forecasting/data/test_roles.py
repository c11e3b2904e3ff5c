import json

import pytest

from forecasting.data.roles import Covariates, ModelInputs, inputs_document, inputs_from

SHOPS = ModelInputs(
    targets=("sales", "visitors"),
    covariates=Covariates(
        past=("rain", "sky"),
        future=("price",),
        static=("kind", "size"),
        calendar=("weekday", "holidays:PT"),
        time_zone="Europe/Lisbon",
    ),
    categories={"sky": ("clear", "cloudy"), "kind": ("city", "station")},
)


def test_each_input_has_its_columns_in_order_with_one_per_category():
    ahead = ["price", "weekday_sin", "weekday_cos", "holidays:PT"]

    assert SHOPS.columns() == {
        "window": ["sales", "visitors"],
        "past": ["rain", "sky=clear", "sky=cloudy", *ahead],
        "future": ahead,
        "static": ["kind=city", "kind=station", "size"],
    }


def test_numbers_are_scaled_and_categories_and_calendar_are_not():
    scaled = {
        name for columns in SHOPS.columns().values() for name in columns if SHOPS.is_scaled(name)
    }

    assert scaled == {"sales", "visitors", "rain", "price", "size"}


def test_without_covariates_there_is_one_input():
    assert ModelInputs(("a", "b")).columns() == {"window": ["a", "b"]}
    assert not Covariates(time_zone="Europe/Lisbon").any


@pytest.mark.parametrize("inputs", [SHOPS, ModelInputs(("a",))])
def test_the_description_is_json_and_gives_the_same_inputs_back(inputs):
    document = json.loads(json.dumps(inputs_document(inputs, step="D")))

    assert inputs_from(document) == inputs
    assert document["step"] == "D"
    assert document["columns"] == inputs.columns()


@pytest.mark.parametrize(
    ("column", "parameter"),
    [
        ("rain", "ingest.past_covariates"),
        ("price", "ingest.future_covariates"),
        ("size", "ingest.static_covariates"),
        ("sales", "ingest.targets"),
    ],
)
def test_a_column_is_known_by_the_parameter_of_its_role(column, parameter):
    assert SHOPS.covariates.parameter_of(column) == parameter
