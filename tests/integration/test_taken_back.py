"""What overrides wrote, after a run that failed, was stopped or killed: back, and the results with it."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.runs import backup as previous
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.params_file import BEFORE, forget_params, take_back_params, write_params
from pipeline.versioning.checkout import Checkout
from tests.support.project import error_of
from tests.support.quick import Quick, contents, in_order

NOTE = (
    "note: the overrides are taken back: params.yaml and results are as before.",
    "Finished stages are in the cache; the same command continues from them.",
)
KILLED = "note: the last run was killed. Its overrides are taken back: params.yaml and\n"


@pytest.fixture
def project(quick_with_a_run: Quick) -> Iterator[Quick]:
    yield quick_with_a_run
    quick_with_a_run.reset()
    quick_with_a_run.dvc("checkout", "--quiet")


def test_after_a_failed_run_parameters_and_results_are_as_before_and_agree(project: Quick):
    (project.root / "raw").write_text("another table")
    before = contents(project)
    failed = project.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "-S", "train.epochs=13"
    )
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-4:] == [
        "epoch 13/13 loss=1.0 val_loss=1.0",
        *NOTE,
        "error: Stage 'train' failed. Thirteen epochs bring bad luck. Take another number.",
    ]
    assert failed.stdout.count("Thirteen") == 1
    assert contents(project) == before
    in_order(project)

    # the first stage had finished with the new table, and need not run again
    again = project.exactcast("run", "--no-prefect", "-S", "train.epochs=7")
    assert "prepare: restored from DVC's run cache\n" in again
    assert project.read("model") == b"7 epochs on another table"


def test_a_failed_run_in_a_fresh_clone_leaves_no_outputs_that_nobody_recorded(
    project: Quick, tmp_path: Path
):
    project.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Quick(tmp_path / "clone", project.signals)
    failed = clone.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "-S", "train.epochs=13"
    )
    assert failed.returncode == 1
    assert clone.git("status", "--porcelain") == ""
    assert not (clone.root / "made").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_is_no_error_and_is_taken_back(project: Quick, how: signal.Signals):
    before = contents(project)
    project.hold()
    started = project.start("run", "--no-prefect", "-S", "train.epochs=8")
    project.held()
    started.process.send_signal(how)
    assert started.ends() == 130
    assert started.said().splitlines()[-3:] == [
        *NOTE,
        "Stopped on request. What was finished is kept.",
    ]
    assert "error" not in started.said()
    assert contents(project) == before
    in_order(project)


def killed(project: Quick) -> None:
    project.hold()
    started = project.start("run", "--no-prefect", "-S", "train.epochs=8")
    project.held()
    started.process.kill()
    started.leaves_nothing()
    project.release()
    assert b"epochs: 8" in project.read("params.yaml")


def test_a_killed_run_is_taken_back_by_the_next_command_which_says_so(project: Quick):
    before = contents(project)
    killed(project)
    assert KILLED in project.exactcast("status")
    assert contents(project) == before
    in_order(project)
    assert KILLED not in project.exactcast("status")


def test_parameters_that_the_user_edited_after_a_killed_run_stay(project: Quick):
    before = contents(project)
    killed(project)
    edited = project.read("params.yaml").replace(b"epochs: 8", b"epochs: 9")
    (project.root / "params.yaml").write_bytes(edited)
    said = project.exactcast("status", "--json")
    statuses = {each["stage"]: each["reasons"] for each in json.loads(said)}
    assert statuses["train"] == ["train.epochs 4 -> 9"]
    assert project.read("params.yaml") == edited
    assert project.read("model") == before["model"]
    assert not (project.root / BEFORE).exists()


def test_a_run_that_cannot_start_changes_no_parameter(project: Quick):
    before = contents(project)
    (project.root / "raw").rename(project.root / "gone")
    refused = project.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "-S", "train.epochs=8"
    )
    assert error_of(refused).startswith("error: raw, which the run reads, does not exist.")
    (project.root / "gone").rename(project.root / "raw")
    assert contents(project) == before
    assert not (project.root / BEFORE).exists()


def test_putting_everything_back_may_be_cut_off_before_it_is_forgotten(
    project: Quick, monkeypatch: pytest.MonkeyPatch
):
    before = contents(project)
    checkout = RunCheckout.of(Checkout(project.root))
    write_params(project.root, project.read("params.yaml") + b"# of -S")
    previous.keep_outputs(checkout)
    for path in ("model", "dvc.lock"):
        (project.root / path).unlink()
        (project.root / path).write_text("half")
    with monkeypatch.context() as cut_off:
        cut_off.setattr(previous, "forget_outputs", lambda checkout: sys.exit("killed"))
        with pytest.raises(SystemExit):
            previous.restore_unfinished(checkout)
    previous.settle(checkout.workspace)
    assert contents(project) == before
    in_order(project)


def test_taking_back_may_be_cut_off_anywhere(tmp_path: Path):
    params = tmp_path / "params.yaml"
    params.write_bytes(b"old")
    assert not take_back_params(tmp_path)
    write_params(tmp_path, b"new")
    assert params.read_bytes() == b"new"
    for _ in range(2):  # the second time after an end between this and forgetting
        assert take_back_params(tmp_path)
        assert params.read_bytes() == b"old"
    forget_params(tmp_path)
    params.write_bytes(b"new")
    assert not take_back_params(tmp_path)
    assert params.read_bytes() == b"new"
