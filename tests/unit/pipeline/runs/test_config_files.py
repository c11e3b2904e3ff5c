"""Configurations: what they may hold, how they are applied, and what is refused."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foundation.errors import ParamsError
from foundation.params import load_params
from pipeline.runs.config_files import ConfigFile, read_config, shipped
from pipeline.runs.overrides import apply_overrides, overridden
from tests.support.awkward import AWKWARD
from tests.support.project import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def written(folder: Path, text: str, name: str = "mine.yaml") -> ConfigFile:
    (folder / name).write_text(text, encoding="utf-8")
    return read_config(folder / name, root=folder)


def values(folder: Path) -> dict[str, dict[str, object]]:
    return dict(YAML(typ="safe").load(folder / "params.yaml"))


@pytest.mark.parametrize("path", shipped(ROOT), ids=lambda path: path.name)
def test_every_configuration_of_the_project_gives_parameters_that_all_stages_accept(folder, path):
    file = read_config(path, root=ROOT)
    apply_overrides(folder, [], [file])
    load_params(folder / "params.yaml")
    assert file.path == f"configs/{path.name}"
    assert (folder / "params.yaml").read_text() != (ROOT / "params.yaml").read_text()


def test_the_project_has_configurations():
    assert "chronological.yaml" in [path.name for path in shipped(ROOT)]


def test_a_configuration_is_what_it_changes_by_name(folder):
    file = written(
        folder,
        "seed: 7\n"
        "train:\n  optimizer: {learning_rate: 1.0e-05}\n  early_stopping: null\n"
        "ingest:\n  time: [Datum, Zeit]\n  from: '2024-01-01'\n",
    )
    assert file == ConfigFile(
        "mine.yaml",
        (
            "seed=7", "train.optimizer.learning_rate=1e-05", "train.early_stopping=null",
            'ingest.time=["Datum", "Zeit"]', 'ingest.from="2024-01-01"',
        ),
    )  # fmt: skip


def test_only_the_lines_of_a_configuration_change_and_comments_stay(folder):
    before = (folder / "params.yaml").read_text().splitlines()
    apply_overrides(
        folder,
        [],
        [written(folder, "train: {epochs: 5}\nsplit: {gap: 3}\nevaluate: {season: auto}")],
    )
    after = (folder / "params.yaml").read_text().splitlines()
    changed = [(old, new.split()) for old, new in zip(before, after, strict=True) if old != new]
    assert [new[:2] for _, new in changed] == [["gap:", "3"], ["epochs:", "5"]]
    assert [old.partition("#")[2].split() for old, _ in changed] == [
        new[new.index("#") + 1 :] for _, new in changed
    ]


def test_a_list_or_a_mapping_that_is_a_value_replaces_the_one_before(folder):
    (layer,) = values(folder)["model"]["layers"]
    first = "train: {early_stopping: {patience: 9, min_delta: 0.5}}\nmodel: {layers: [%s, %s]}"
    layers = [str(layer | {"units": n, "return_sequences": n == 3}) for n in (3, 4)]
    text = (first % tuple(layers)).replace("None", "null").replace("'", "")
    apply_overrides(folder, [], [written(folder, text)])
    apply_overrides(folder, [], [written(folder, "ingest: {targets: [a, b]}")])
    apply_overrides(folder, [], [written(folder, "ingest: {targets: [c]}")])
    assert [each["units"] for each in values(folder)["model"]["layers"]] == [3, 4]
    assert values(folder)["train"]["early_stopping"] == {"patience": 9, "min_delta": 0.5}
    assert values(folder)["ingest"]["targets"] == ["c"]
    load_params(folder / "params.yaml")


def test_a_later_file_wins_over_an_earlier_one_and_what_is_typed_over_both(folder):
    files = [
        written(folder, "seed: 1\ntrain: {epochs: 2, batch_size: 3}", "one.yaml"),
        written(folder, "train: {batch_size: 4, epochs: 5}", "two.yaml"),
    ]
    apply_overrides(folder, ["train.epochs=6"], files)
    train = values(folder)["train"]
    assert (values(folder)["seed"], train["batch_size"], train["epochs"]) == (1, 4, 6)


def test_any_text_arrives_as_that_text(folder):
    for text in [text for text in AWKWARD if text != "\ud800"]:
        with (folder / "mine.yaml").open("wb") as file:
            YAML(typ="safe").dump({"ingest": {"time": text, "targets": [f"{text}2"]}}, file)
        apply_overrides(folder, [], [read_config(folder / "mine.yaml", root=folder)])
        assert (values(folder)["ingest"]["time"], values(folder)["ingest"]["targets"]) == (
            text, [f"{text}2"],
        )  # fmt: skip


def test_the_record_names_a_file_from_the_root_of_the_project_or_by_its_name_alone(
    tmp_path, monkeypatch
):
    inside, outside = tmp_path / "project/configs/a.yaml", tmp_path / "b.yaml"
    inside.parent.mkdir(parents=True)
    for path in (inside, outside):
        path.write_text("seed: 1")
    monkeypatch.chdir(inside.parent)
    found = [
        read_config(Path(path), root=tmp_path / "project").path
        for path in ("a.yaml", "../../b.yaml", str(inside), str(outside))
    ]
    assert found == ["configs/a.yaml", "b.yaml", "configs/a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# nothing yet\n", r"mine\.yaml should hold parameters, nested .*; found nothing\.$"),
        ("[1]", r"mine\.yaml should hold parameters, .*; found \[1\]\.$"),
        ("train: 5", r"Invalid values in .*mine\.yaml:\n  train: should be a section, .* found 5$"),
        ("train: {epoch: 5}", r"mine\.yaml:\n  train\.epoch: is not a parameter, found 5$"),
        ("train: {epochs: 0, batch_size: '8'}",
         r"mine\.yaml:\n  train\.epochs: .*greater than 0, found 0\n  train\.batch_size: .*integer, found '8'$"),
        ("train.epochs: 5", r"mine\.yaml: train\.epochs is written with dots\. .*: train: \{epochs: \.\.\.\}$"),
        ("train: {optimizer.name: sgd}", r"dots\. .*: train: \{optimizer: \{name: \.\.\.\}\}$"),
        ("train: &a {optimizer: *a}", r"mine\.yaml:\n  train\.optimizer\.optimizer: is not a parameter"),
        ("train: {scaler: none}", r"mine\.yaml: train\.scaler is now model\.scaler\."),
        ("split: {test_from: 2024-01-01}", r"  split\.test_from: .*quotes, found the date 2024-01-01$"),
        ("train: {early_stopping: {patience: 5}}", r"  train\.early_stopping\.min_delta: is missing$"),
        ("train: {epochs: 5, epochs: 6}", r"mine\.yaml is not valid YAML: .*duplicate key"),
        ("train: {", r"mine\.yaml is not valid YAML: "),
        ("5: 6", r"mine\.yaml:\n  5: Keys should be strings, found 5$"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_refused_by_file_and_key(folder, text, sentence):
    with pytest.raises(ParamsError, match=sentence):
        written(folder, text)


def test_a_configuration_that_cannot_be_read_is_one_sentence(folder):
    (folder / "configs").mkdir()
    (folder / "configs/a.yaml").touch()
    with pytest.raises(
        ParamsError, match=r"b\.yaml does not exist\. .* folder configs: a\.yaml\.$"
    ):
        read_config(folder / "b.yaml", root=folder)
    with pytest.raises(ParamsError, match=r"configs cannot be read: Is a directory\."):
        read_config(folder / "configs", root=folder)
    with pytest.raises(ParamsError, match=r"folder configs: none yet\.$"):
        read_config(folder / "b.yaml", root=folder / "configs")


def test_values_that_do_not_fit_the_others_are_refused_with_the_name_of_the_file(folder):
    one = written(folder, "split: {method: chronological}")
    file = written(folder, "split: {test_from: '2024-02-01'}", "dates.yaml")
    refused = r"^Invalid values in dates\.yaml and params\.yaml:\n  split\."
    with pytest.raises(ParamsError, match=refused):
        overridden(folder, [], [file])
    with pytest.raises(ParamsError, match=r"in dates\.yaml, the overrides and params\.yaml:"):
        overridden(folder, ["seed=1"], [file])
    with pytest.raises(ParamsError, match=r"^Invalid values in mine\.yaml, dates\.yaml and params"):
        overridden(folder, [], [one, file])


def test_a_parameter_that_the_commit_of_a_run_does_not_have_is_named_with_the_file(folder):
    file = written(folder, "model: {normalise: last}")
    params = folder / "params.yaml"
    lines = params.read_text().splitlines(keepends=True)
    params.write_text("".join(line for line in lines if "normalise" not in line))
    with pytest.raises(
        ParamsError, match=r"^mine\.yaml: model\.normalise is not in the params\.yaml"
    ):
        overridden(folder, [], [file])
