import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from forecasting.errors import SetupError
from pipeline.experiment import check_name, experiments, keep, prune
from pipeline.graph import load_graph
from pipeline.order import Order
from pipeline.run import run_name

MOMENT = datetime(2026, 11, 22, 6, 0, 5).astimezone()
COMMIT = "0123456789" * 4


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.name", "A User"],
        ["git", "config", "user.email", "user@example.org"],
        ["git", "commit", "-q", "--allow-empty", "-m", "start"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path


def names(root: Path) -> list[str]:
    return [kept.name for kept in experiments(root)]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ((), "20261122-060005-0123456"),
        (("train.epochs=5",), "20261122-060005-train-epochs-5"),
        (("train.epochs=-5",), "20261122-060005-train-epochs-minus-5"),
        (("a.B=[1, 2]", "c=x/y"), "20261122-060005-a-b-1-2-c-x-y"),
        (("train.layers=" + "x" * 99,), "20261122-060005-train-layers-" + "x" * 27),
    ],
)
def test_a_run_is_named_by_when_and_by_what_is_special_about_it(overrides, name):
    assert run_name(Order(overrides=overrides), COMMIT, moment=MOMENT) == name


def test_pruning_spares_what_a_person_named_and_the_newest(repository: Path):
    for name in (
        "20261120-060000-train-epochs-5-00aa", "mine", "20261121-060000-0123456-00bb",
        "20261122-060000-0123456-00cc",
    ):  # fmt: skip
        keep(repository, name=name, untracked=[], added={"reports/record.json": b"{}"})
    removed = prune(repository, most=1)
    assert [kept.name for kept in removed] == [
        "20261120-060000-train-epochs-5-00aa", "20261121-060000-0123456-00bb",
    ]  # fmt: skip
    assert sorted(names(repository)) == ["20261122-060000-0123456-00cc", "mine"]
    assert prune(repository, most=1) == []


def test_a_name_that_exists_or_cannot_be_one_is_refused(repository: Path):
    keep(repository, name="mine", untracked=[], added={})
    with pytest.raises(SetupError, match="An experiment named 'mine' exists"):
        check_name(repository, "mine")
    with pytest.raises(SetupError, match=r"'a/b' cannot be the name"):
        check_name(repository, "a/b")
    with pytest.raises(SetupError, match=r"'a b' cannot be the name"):
        check_name(repository, "a b")
    with pytest.raises(SetupError, match="could not be kept as the experiment 'mine'"):
        keep(repository, name="mine", untracked=[], added={})


def test_a_stage_has_options_of_its_prefect_task_and_unknown_ones_are_refused(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    graph = "stages: {one: {cmd: x, meta: {prefect: {retries: 2, tags: [net]}}}}"
    (tmp_path / "dvc.yaml").write_text(graph)
    assert load_graph(tmp_path).stages["one"].prefect == {"retries": 2, "tags": ["net"]}
    (tmp_path / "dvc.yaml").write_text(graph.replace("retries", "retry"))
    with pytest.raises(SetupError, match=r"of stage 'one' in dvc.yaml has no option retry. It may"):
        load_graph(tmp_path)
