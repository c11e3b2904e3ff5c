"""The pages of reference, compared with the files of a finished run."""

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.pages import check_documented, sections
from tests.support.project import ROOT

ARTIFACTS = sections("artifacts.md")
TARGETS = ["load_city", "load_industry", "irradiance", "ambient", "oil"]


def described(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_dictionary(kind):
        return "category"
    if pa.types.is_list(kind):
        return f"list of {described(kind.value_type)}"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    return {pa.int32(): "int32", pa.int64(): "int64", pa.float64(): "float64"}[kind]


@pytest.mark.parametrize("path", [path for path in ARTIFACTS if path.endswith(".parquet")])
def test_a_table_has_the_documented_columns_and_types(finished, path):
    schema = pq.read_schema(finished.root / path)
    kept = (schema.pandas_metadata or {"index_columns": []})["index_columns"]
    index = [name for name in kept if isinstance(name, str)]
    found = {
        "index" if field.name in index else field.name: described(field.type) for field in schema
    }
    documented = dict(ARTIFACTS[path])
    if "*target*" in documented:
        documented |= dict.fromkeys(TARGETS, documented.pop("*target*"))

    assert found == documented


@pytest.mark.parametrize("path", [path for path in ARTIFACTS if path.endswith(".csv")])
def test_a_csv_has_the_documented_columns(finished, path):
    header = (finished.root / path).read_text().splitlines()[0]
    assert header.split(",") == list(ARTIFACTS[path])


@pytest.mark.parametrize("path", [path for path in ARTIFACTS if path.endswith(".json")])
def test_a_json_file_has_the_documented_fields(finished, path):
    of_covariates = {"categories.*text*", "columns.past", "columns.future", "columns.static"}
    absent = of_covariates if path == "models/inputs.json" else set()

    check_documented(json.loads(finished.read(path)), ARTIFACTS[path], empty=absent)


def test_the_tutorial_forecasts_the_next_rows_with_keras_alone(finished):
    code, _ = re.findall(r"```python\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(), re.DOTALL)

    printed = finished.call("python", "-c", code)

    names, row = printed.splitlines()[-2:]
    assert names.split() == TARGETS
    assert row.split()[0] == "2024-01-26"  # the hour after the 600 of the table
    assert len(row.split()) == 1 + len(TARGETS)


def test_the_record_of_a_run_has_the_documented_fields(finished):
    (run,) = json.loads(finished.exactcast("runs", "--json"))

    check_documented(
        run["record"],
        sections("record.md")[""],
        empty={"raw.*path*"},  # the demo table is made, and nothing else is read
    )
