import re
import subprocess
from pathlib import Path

import pytest

from foundation.errors import SetupError
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.execute import run_name
from pipeline.runs.request import RunRequest
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import check_name, experiments, keep, prune, trained
from pipeline.versioning.git import git
from pipeline.versioning.graph import load_graph

COMMIT = "0123456789" * 4


@pytest.fixture
def repository(tmp_path: Path) -> Checkout:
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.name", "A User"],
        ["git", "config", "user.email", "user@example.org"],
        ["git", "commit", "-q", "--allow-empty", "-m", "start"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return Checkout(tmp_path)


def names(repository: Checkout) -> list[str]:
    return [kept.name for kept in experiments(repository)]


@pytest.mark.parametrize(
    ("overrides", "special"),
    [
        ((), "0123456"),
        (("train.epochs=20",), "epochs-20"),
        (("train.epochs=-5",), "epochs--5"),
        (("train.epochs=2", "simulate.rows=600"), "epochs-2-rows-600"),
        (("train.optimizer.learning_rate=0.001",), "learning-rate-0.001"),
        # what does not fit into 24 characters is left out whole: rows-6 would say another number
        (
            ("train.optimizer.learning_rate=0.001", "simulate.rows=600", "seed=7"),
            "learning-rate-0.001",
        ),
        (("train.batch_size=16", "simulate.rows=600000", "seed=7"), "batch-size-16-seed-7"),
        (("a.B=[1, 2]", "c=x/y..z"), "b-1-2-c-x-y-z"),
        (("model.layers=" + "x" * 99,), "layers-" + "x" * 17),
    ],
)
def test_a_run_is_named_by_what_is_special_about_it_and_a_short_id(repository, overrides, special):
    name = run_name(repository, RunRequest(overrides=overrides), COMMIT)
    assert re.fullmatch(re.escape(special) + "-[0-9a-f]{4}", name)
    check_name(repository, name)


def test_a_run_is_named_by_its_configurations_first(repository: Checkout):
    config = tuple(ConfigFile(f"configs/{name}.yaml", ()) for name in ("Chronological", "xy"))
    request = RunRequest(config=config, overrides=("train.epochs=2",))
    name = run_name(repository, request, COMMIT)
    assert re.fullmatch(
        "chronological-xy-[0-9a-f]{4}", name
    )  # epochs-2 would be its 25th character


def test_a_run_that_a_person_named_is_called_so(repository: Checkout):
    assert run_name(repository, RunRequest(overrides=("seed=1",), name="mine"), COMMIT) == "mine"


def test_no_two_runs_are_named_alike(repository: Checkout, monkeypatch):
    ids = iter(["a3f1", "a3f1", "b0b0"])
    monkeypatch.setattr("pipeline.runs.execute.secrets.token_hex", lambda n: next(ids))
    for name in ("seed-1-a3f1", "seed-1-b0b0"):
        assert run_name(repository, RunRequest(overrides=("seed=1",)), COMMIT) == name
        keep(repository, name=name, named=False, untracked=[], added={})


def kept(repository: Checkout, monkeypatch, *, at: int, name: str, named: bool) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{1_700_000_000 + at} +0000")
    keep(repository, name=name, named=named, untracked=[], added={"reports/record.json": b"{}"})


def test_pruning_spares_what_a_person_named_and_the_newest(repository: Checkout, monkeypatch):
    kept(repository, monkeypatch, at=0, name="seed-1-00aa", named=False)
    kept(repository, monkeypatch, at=1, name="seed-1-2024", named=True)  # as an automatic one
    kept(repository, monkeypatch, at=2, name="0123456-00bb", named=False)
    kept(repository, monkeypatch, at=3, name="20261122-060000-0123456-00cc", named=True)
    kept(repository, monkeypatch, at=4, name="a-newer-one-00dd", named=False)
    removed = prune(repository, most=1)
    assert [each.name for each in removed] == ["seed-1-00aa", "0123456-00bb"]
    assert names(repository) == ["seed-1-2024", "20261122-060000-0123456-00cc", "a-newer-one-00dd"]
    assert prune(repository, most=1) == []


def test_runs_and_forecasts_are_pruned_apart_and_a_renamed_forecast_stays(
    repository: Checkout, monkeypatch
):
    for at, name in enumerate(["run-a", "forecast-a", "forecast-b", "run-b", "forecast-c"]):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{1_700_000_000 + at} +0000")
        forecast = name.startswith("forecast")
        keep(repository, name=name, named=False, untracked=[], added={}, forecast=forecast)
    first = experiments(repository)[1]
    reference = f"refs/exps/{first.parent[:2]}/{first.parent[2:]}"
    git(repository.root, "update-ref", f"{reference}/mine", first.commit)  # dvc exp rename
    git(repository.root, "update-ref", "-d", f"{reference}/forecast-a")

    removed = prune(repository, most=1, forecasts=True)
    assert [each.name for each in removed] == ["forecast-b"]
    assert names(repository) == ["run-a", "mine", "run-b", "forecast-c"]
    assert [each.name for each in trained(repository)] == ["run-a", "run-b"]
    assert [each.name for each in prune(repository, most=1)] == ["run-a"]
    assert names(repository) == ["mine", "run-b", "forecast-c"]


def test_runs_kept_before_names_were_short_are_still_known_by_their_names(
    repository: Checkout, monkeypatch
):
    monkeypatch.setattr(
        "pipeline.versioning.experiments.NAMED", "exactcast: run "
    )  # as it was written then
    for name in ("mine-00aa", "20261121-060000-train-epochs-5-00bb"):
        keep(repository, name=name, named=True, untracked=[], added={})
    assert {each.name: each.named for each in experiments(repository)} == {
        "mine-00aa": True, "20261121-060000-train-epochs-5-00bb": False,
    }  # fmt: skip


def test_an_automatic_name_that_a_person_changed_is_theirs(repository: Checkout):
    made = keep(repository, name="seed-1-00aa", named=False, untracked=[], added={})
    reference = f"refs/exps/{made.parent[:2]}/{made.parent[2:]}"
    for command in (
        ["git", "update-ref", f"{reference}/best", made.commit],  # what dvc exp rename does
        ["git", "update-ref", "-d", f"{reference}/seed-1-00aa"],
    ):
        subprocess.run(command, cwd=repository.root, check=True)
    assert [(each.name, each.named) for each in experiments(repository)] == [("best", True)]


def test_a_name_that_exists_or_cannot_be_one_is_refused(repository: Checkout):
    keep(repository, name="mine", named=True, untracked=[], added={})
    with pytest.raises(SetupError, match="An experiment named 'mine' exists"):
        check_name(repository, "mine")
    with pytest.raises(SetupError, match=r"'a/b' cannot be the name"):
        check_name(repository, "a/b")
    with pytest.raises(SetupError, match=r"'a b' cannot be the name"):
        check_name(repository, "a b")
    with pytest.raises(SetupError, match="could not be kept as the experiment 'mine'"):
        keep(repository, name="mine", named=True, untracked=[], added={})


def test_a_stage_has_options_of_its_prefect_task_and_unknown_ones_are_refused(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    graph = "stages: {one: {cmd: x, meta: {prefect: {retries: 2, tags: [net]}}}}"
    (tmp_path / "dvc.yaml").write_text(graph)
    assert load_graph(tmp_path).stages["one"].prefect == {"retries": 2, "tags": ["net"]}
    (tmp_path / "dvc.yaml").write_text(graph.replace("retries", "retry"))
    with pytest.raises(SetupError, match=r"of stage 'one' in dvc.yaml has no option retry. It may"):
        load_graph(tmp_path)
