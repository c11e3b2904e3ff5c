"""`exactcast run --config FILE`: applied before -S, recorded, shown, taken back with a run that fails."""

import json
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from foundation.params import load_params
from pipeline.runs.config_files import shipped
from tests.support.project import ROOT, Project, error_of
from tests.support.quick import Quick, contents, in_order

CHRONOLOGICAL = "configs/chronological.yaml"


@pytest.fixture
def project(quick_with_a_run: Quick) -> Iterator[Quick]:
    yield quick_with_a_run
    quick_with_a_run.reset()
    quick_with_a_run.dvc("checkout", "--quiet")


def run(project: Project, *arguments: str) -> None:
    project.exactcast("run", "--no-prefect", *arguments)


def recorded(project: Project, name: str) -> dict[str, object]:
    record = json.loads(project.exactcast("show", name, "--json"))["record"]
    return {key: record[key] for key in ("config", "overrides")}


def test_a_run_with_a_configuration_records_and_shows_what_was_applied(copied: Project):
    run(copied, "--config", CHRONOLOGICAL, "-S", "train.epochs=2", "--name", "honest")
    params = load_params(copied.root / "params.yaml")
    assert (params.windowing.lookback, params.split.method) == (48, "chronological")
    assert (params.train.keep, params.train.epochs, params.simulate.rows) == ("best", 2, 600)
    assert "# passes over the training windows" in (copied.root / "params.yaml").read_text()

    applied = [
        "windowing.lookback=48", 'split.method="chronological"', "split.test_size=0.2",
        "split.validation_size=0.2", 'split.gap="lookback"', 'train.keep="best"',
    ]  # fmt: skip
    assert recorded(copied, "honest") == {
        "config": [{"path": CHRONOLOGICAL, "overrides": applied}],
        "overrides": ["train.epochs=2"],
    }
    shown = copied.exactcast("show", "honest").splitlines()
    assert f"config   {CHRONOLOGICAL} ({', '.join(applied)})" in shown
    assert "set      train.epochs=2" in shown
    assert "split.method random -> chronological" in next(
        line for line in shown if line.startswith("changed ")
    )


def test_a_run_is_named_by_its_configuration(project: Quick):
    (project.root / "nine.yaml").write_text("train: {epochs: 9}\n")
    said = project.exactcast("run", "--no-prefect", "--config", "nine.yaml")
    assert "kept as   the experiment nine-" in said
    assert project.read("model") == b"9 epochs on table"


def test_a_failed_run_takes_the_configuration_back_with_what_was_typed(project: Quick):
    (project.root / "unlucky.yaml").write_text("train: {epochs: 13}\nwindowing: {lookback: 9}\n")
    before = contents(project)
    failed = project.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect",
        "--config", CHRONOLOGICAL, "--config", "unlucky.yaml", "-S", "train.batch_size=8",
    )  # fmt: skip
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-3:-1] == [
        "note: the overrides are taken back: params.yaml and results are as before.",
        "Finished stages are in the cache; the same command continues from them.",
    ]
    assert contents(project) == before
    in_order(project)


def test_an_isolated_run_has_the_file_as_it_is_where_the_user_stands(project: Quick):
    (project.root / "reports/mine.yaml").write_text("train: {epochs: 6}\n")  # untracked
    before = contents(project)
    project.call(
        "sh", "-c",
        "cd reports && python -m pipeline run --no-prefect --isolated --config mine.yaml --name six",
    )  # fmt: skip
    assert contents(project) == before
    (ref,) = project.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/six").split()
    assert YAML(typ="safe").load(project.git("show", f"{ref}:params.yaml"))["train"]["epochs"] == 6
    assert recorded(project, "six") == {
        "config": [{"path": "reports/mine.yaml", "overrides": ["train.epochs=6"]}],
        "overrides": [],
    }


def test_a_wrong_file_is_refused_before_anything_is_touched(project: Quick):
    (project.root / "wrong.yaml").write_text("train: {epochs: 0, epoch: 3}\n")
    before = contents(project)
    for file, sentence in {
        "wrong.yaml": "error: Invalid values in wrong.yaml:\n  train.epochs: Input should be greater "
        "than 0, found 0\n  train.epoch: is not a parameter, found 3\n",
        "none.yaml": "error: The configuration none.yaml does not exist. Those of the project are in "
        f"the folder configs: {', '.join(path.name for path in shipped(ROOT))}.\n",
    }.items():
        refused = project.attempt(
            "python", "-m", "pipeline", "run", "--no-prefect", "-S", "seed=1", "--config", file
        )
        assert (refused.returncode, error_of(refused)) == (1, sentence)
    assert contents(project) == before
