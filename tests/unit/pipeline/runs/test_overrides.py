import json
import re
import shutil
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from foundation.errors import ParamsError
from pipeline.orchestration.request_form import request_of
from pipeline.runs.overrides import apply_overrides
from tests.support.awkward import AWKWARD
from tests.support.project import ROOT

TEXTS = (  # parameters of text, and what else they may be
    "simulate.start", "ingest.raw", "ingest.time", "ingest.time_format", "ingest.frequency",
    "ingest.encoding", "ingest.separator", "ingest.decimal", "split.method", "split.test_from",
    "model.scaler", "model.layers.0.activation", "train.optimizer.name",
)  # fmt: skip


def test_writing_overrides_changes_nothing_in_how_the_process_writes_other_files(tmp_path):
    def written():
        buffer = StringIO()
        YAML().dump({"sheet": None}, buffer)
        return buffer.getvalue()

    before = written()
    shutil.copy(ROOT / "params.yaml", tmp_path)
    apply_overrides(tmp_path, ["ingest.sheet=null", "train.epochs=5"])

    assert "sheet: null" in read(tmp_path)
    assert written() == before


@pytest.fixture
def folder(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def read(folder):
    return (folder / "params.yaml").read_text()


def test_only_the_line_that_changes_changes(folder):
    before = read(folder).splitlines()
    apply_overrides(folder, ["train.epochs=5", "model.layers.0.units=32", "ingest.targets=[oil]"])
    after = read(folder).splitlines()

    changed = [
        (old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new
    ]
    assert [new.split("#")[0].strip() for _, new in changed] == [
        "targets: [oil]",
        "- units: 32",
        "epochs: 5",
    ]
    assert all(("#" in old) == ("#" in new) for old, new in changed)


def test_a_section_may_be_given_whole(folder):
    apply_overrides(
        folder,
        ["train.early_stopping={patience: 3, min_delta: 0.0}"],
    )
    assert YAML(typ="safe").load(folder / "params.yaml")["train"]["early_stopping"]["patience"] == 3


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("ingest.time_format=%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        ("ingest.time=@timestamp", "@timestamp"),
        ("ingest.separator=|", "|"),
        ("ingest.frequency=1e3", "1e3"),
        ("ingest.time=a=b", "a=b"),
        ("split.test_from=null", None),
        ("split.test_from=~", None),
        ("ingest.time=null", "null"),
        ("ingest.time=~", "~"),
        (r"ingest.separator=\t", "\t"),
        (r'ingest.separator="\t"', "\t"),
        ('ingest.separator=";"', ";"),
        ("ingest.separator=';'", ";"),
        ('ingest.time="a"b"', '"a"b"'),
        (r'ingest.time="\"a\""', '"a"'),
        (r'ingest.time="\x41"', "A"),
        ("train.optimizer.name=sgd", "sgd"),
        ("model.layers.0.activation=relu", "relu"),
        ("ingest.targets=[a, b]", ["a", "b"]),
        ("ingest.time=[Date, Time]", ["Date", "Time"]),
        ('ingest.time="[a]"', "[a]"),
        ("ingest.id=null", None),
        ("ingest.missing_values=[n/e, -9999]", ["n/e", -9999]),
        ("ingest.calendar=[hour, holidays:PT]", ["hour", "holidays:PT"]),
        ("windowing.lookback=0x10", 16),
    ],
)
def test_text_is_taken_as_typed_and_other_values_are_yaml(folder, override, value):
    apply_overrides(folder, [override])
    assert value_of(folder, override.partition("=")[0]) == value


def test_a_decimal_comma_is_typed_with_or_without_quotes(folder):
    for typed in (",", '","', "','"):
        apply_overrides(folder, ["ingest.separator=;", f"ingest.decimal={typed}"])
        assert re.search(r'^  decimal: ","  +# of its numbers$', read(folder), re.MULTILINE)


def test_a_name_in_a_list_is_text_too(folder):
    apply_overrides(folder, ["ingest.targets=[a, b]"])
    apply_overrides(folder, ["ingest.targets.1=@b"])
    assert value_of(folder, "ingest.targets") == ["a", "@b"]


def test_a_word_is_written_without_quotes_and_what_yaml_could_misread_with_them(folder):
    apply_overrides(folder, ["split.method=chronological", "ingest.time=on", "ingest.frequency=D"])
    lines = [line.strip() for line in read(folder).splitlines()]
    assert [line.split("#")[0].strip() for line in lines if line.startswith("method:")] == [
        "method: chronological"
    ]
    assert any(line.startswith('time: "on" ') for line in lines)
    assert any(line.startswith("frequency: D ") for line in lines)


def test_any_text_arrives_as_that_text_for_every_reader_or_is_refused_by_name(folder):
    arrived = []

    @settings(
        derandomize=True, deadline=None, max_examples=300, database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(st.sampled_from(TEXTS), st.sampled_from(AWKWARD) | st.text(max_size=8))
    def check(name, text):
        shutil.copy(ROOT / "params.yaml", folder)
        before, typed = read(folder), json.dumps(text) if text[:1] in ("'", '"', "[") else text
        try:
            apply_overrides(folder, [f"{name}={typed}"])
        except ParamsError as refused:
            section = name.split(".")[0]  # of several values that should fit together, one is named
            assert section in str(refused)
            assert read(folder) == before
            return
        expected = None if (name, text) in {("split.test_from", n) for n in ("null", "~")} else text
        expected = {"\\t": "\t"}.get(expected, expected)
        assert value_of(folder, name) == expected
        written = read(folder)
        assert not [comment for comment in comments(before) if comment not in written]
        arrived.append(name)

    check()
    assert {"ingest.time", "ingest.time_format", "ingest.frequency", "ingest.encoding"} <= {
        *arrived
    }


def test_any_text_of_the_form_arrives_as_that_text(folder):
    for text in [text for text in AWKWARD if text != "\ud800"]:
        overrides = {"ingest": {"time": text, "targets": [f"{text}2"]}}
        apply_overrides(folder, request_of({"overrides": overrides}, ROOT).overrides)
        assert value_of(folder, "ingest.time") == text
        assert value_of(folder, "ingest.targets") == [f"{text}2"]


def dig(content, name):
    for key in name.split("."):
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


def value_of(folder, name):
    return dig(YAML(typ="safe").load(folder / "params.yaml"), name)


def comments(text):
    return [line.rpartition("  #")[2] for line in text.splitlines() if "  #" in line]


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("train.epoch=5", r"no parameter of that name. The nearest name is train.epochs"),
        ("model.layers.1.units=5", r"-S model.layers.1.units: params.yaml has no parameter"),
        ("train.scaler=none", r"^train\.scaler is now model\.scaler: write -S model\.scaler=none$"),
        ("train.layers.0.units=5", r"^train\.layers\.0\.units is now model\.layers\.0\.units: write"),
        ("train.epochs", r"-S train.epochs is not understood. Write it as -S section.name=value"),
        ("train.epoch=%5", r"The nearest name is train.epochs: -S train.epochs=%5$"),
        ("ingest.tim=a b", r"The nearest name is ingest.time: -S 'ingest.time=a b'$"),
        ("train epochs", r"^-S 'train epochs' is not understood"),
        ("train.epochs=[1", r"^-S 'train.epochs=\[1': the value is not YAML\. .* -S train.epochs=100$"),
        ("train.epochs=2024-13-45", r"^-S train.epochs=2024-13-45: the value is not YAML\."),
        ("ingest.targets=[a, @b]", r": the value is not YAML\. .* -S 'ingest.targets=\[\"a\", \"@b\"\]'$"),
        ("ingest.separator=", r"the value is empty\. .*, such as -S 'ingest.separator=;'$"),
        (r'ingest.targets=["\ud800"]', r"^The overrides cannot be written into params.yaml: .*character"),
        ("ingest.separator=tab", r"ingest.separator: .*at most 1 character, found 'tab'"),
        ("ingest.time=\udc80", r"-S ingest.time='\\udc80': the value is not text in UTF-8\.$"),
        ("train.epochs=0", r"train.epochs: Input should be greater than 0, found 0"),
        ("train.optimizer.name=rmsprop", r"train.optimizer.name: .*'adam' or 'sgd', found 'rmsprop'"),
        ("split=3", r"split: .*found 3"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_refused_and_the_file_is_left_alone(folder, override, sentence):
    before = read(folder)
    with pytest.raises(ParamsError, match=sentence):
        apply_overrides(folder, ["train.batch_size=8", override])
    assert read(folder) == before
