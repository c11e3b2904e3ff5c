import shutil

import pytest
from ruamel.yaml import YAML

from forecasting.errors import ParamsError
from pipeline.overrides import apply_overrides
from tests.project import ROOT


@pytest.fixture
def folder(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def read(folder):
    return (folder / "params.yaml").read_text()


def test_only_the_line_that_changes_changes(folder):
    before = read(folder).splitlines()
    apply_overrides(folder, ["train.epochs=5", "train.layers.0.units=32", "ingest.features=[oil]"])
    after = read(folder).splitlines()

    changed = [
        (old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new
    ]
    assert [new.split("#")[0].strip() for _, new in changed] == [
        "features: [oil]",
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
    ("override", "sentence"),
    [
        ("train.epoch=5", r"no parameter of that name. The nearest name is train.epochs"),
        ("train.layers.1.units=5", r"-S train.layers.1.units: params.yaml has no parameter"),
        ("train.epochs", r"-S train.epochs is not understood. Write it as -S section.name=value"),
        ("train.epochs=[1", r"the value is not YAML, found '\[1'"),
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
