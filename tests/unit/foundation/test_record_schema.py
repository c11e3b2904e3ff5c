import json

import pytest

from foundation.record_schema import Record, Surroundings, parse_record
from pipeline.runs import probe
from tests.support.pages import sections
from tests.support.project import ROOT


def test_a_record_is_written_with_sorted_keys_and_read_again():
    record = Record(format=1, name="first", seconds={"train": 1.5}, scores={"mse": 2})
    assert record.to_bytes() == (
        b'{\n  "format": 1,\n  "name": "first",\n  "scores": {\n    "mse": 2\n  },\n'
        b'  "seconds": {\n    "train": 1.5\n  }\n}\n'
    )
    assert parse_record(record.to_bytes()) == record


def test_a_record_of_an_earlier_version_lacks_fields_and_one_of_a_later_has_more():
    record = parse_record(b'{"format": 1, "machine": {"cores": 2}}')
    assert (record.name, record.states, record.surroundings) == (None, {}, Surroundings())
    assert record.to_json() == {"format": 1, "machine": {"cores": 2}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"torn {",
        b"[]",
        b"\xff",
        b'{"format": 1, "states": null}',
        b'{"lock": [1]}',
        b'{"lock": {"train": {"outs": [{"md5": "1"}]}}}',
        b'{"lock": {"train": {"deps": 3}}}',
    ],
)
def test_a_record_that_cannot_be_read_says_nothing(content):
    record = parse_record(content)
    assert (record.to_json(), record.verdict) == ({}, "unreadable record")


def test_the_classes_have_the_documented_fields():
    documented = list(sections("record.md")[""])
    names = {name.split(".")[0] for name in documented}
    around = {name.split(".")[1] for name in documented if name.startswith("surroundings.")}
    assert names == set(Record.model_fields)
    assert around == set(Surroundings.model_fields)


def test_the_probe_tells_exactly_what_the_class_has(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = Surroundings.model_validate(json.loads(json.dumps(probe.surroundings())))
    assert found.model_fields_set == set(Surroundings.model_fields)
    assert not found.model_extra
