"""Sweeps in Prefect: a task for each run, its log, the table, the form, cancelling."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.prefect_server import Server
from tests.support.quick import Quick, Started, until
from tests.support.scored_part import with_scored_part

SWEEP = (
    "sweep", "--name", "first", "--config", "configs/chronological.yaml",
    "-S", "train.epochs=10,13", "--cluster", "local:2",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(quick_with_a_run: Quick, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    made = with_scored_part(quick_with_a_run, tmp_path_factory.mktemp("studies") / "a copy")
    yield made
    made.clean_up()


def states(server: Server, run: dict[str, Any]) -> list[str]:
    found = server.post("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
    return sorted(task["state"]["name"] for task in found)


@pytest.fixture(scope="module")
def watched(project: Quick, server: Server) -> dict[str, Any]:
    """A sweep on the command line of one good and one bad trial, that reports to a server."""
    known = server.runs()
    project.exactcast(*SWEEP, **server.environment)
    return server.new_run(known)


def test_each_run_is_a_task_whose_state_says_how_it_ended(watched, server):
    assert watched["state"]["name"] == "Completed"
    assert states(server, watched) == ["Completed", "Completed", "Failed"]  # and the winner
    tasks = server.post("task_runs/filter", flow_runs={"id": {"any_": [watched["id"]]}})
    (failed,) = [task for task in tasks if task["state"]["name"] == "Failed"]
    assert failed["name"].startswith("chronological-epochs-13")
    assert failed["state"]["message"].startswith("Stage 'train' failed. Thirteen epochs")


def test_the_lines_of_each_run_are_the_log_of_its_task(watched, server):
    log = server.log(watched)
    assert "train epoch 10/10 loss=1.0 val_loss=1.0" in log
    assert "train epoch 13/13 loss=1.0 val_loss=1.0" in log


def test_the_table_of_runs_is_one_page_that_fills_up(watched, server):
    rows = server.artifacts(watched)["runs"]
    rows = json.loads(rows) if isinstance(rows, str) else rows
    assert [row["state"] for row in rows if "epochs=13" in row["changes"]] == ["Failed"]
    assert len(rows) == 3 and server.versions(watched, "runs") == 1


def test_what_was_kept_before_is_a_task_that_says_restored(watched, project, server):
    known = server.runs()
    project.exactcast(*SWEEP, **server.environment)
    assert states(server, server.new_run(known)) == ["Failed", "Restored", "Restored"]


@pytest.fixture(scope="module")
def served(project: Quick, server: Server) -> Iterator[Started]:
    serving = Started.of(
        project, "python", "-m", "pipeline", "serve", "--verify-cron", "",
        **server.environment, PREFECT_RUNNER_POLL_FREQUENCY="1",
    )  # fmt: skip
    try:
        until(lambda: server.serves("sweep") and server.serves("backtest"), serving.said)
        yield serving
    finally:
        serving.end_all()


FORM = {"config": ["configs/chronological.yaml"], "cluster": "local:1"}


def test_a_sweep_can_be_asked_for_on_the_page(served, server, project):
    run = server.ended(server.ask_for("sweep/manual", values=["train.epochs=4,6"], **FORM))
    assert run["state"]["name"] == "Completed", run["state"]["message"]
    assert (
        "of 2 is the best by validation, kept as chronological-epochs-" in run["state"]["message"]
    )
    assert states(server, run) == ["Completed"] * 3


@pytest.mark.parametrize(
    ("deployed", "request_", "sentence"),
    [
        (
            "sweep/manual",
            {"values": ["train.epochs=4,5"]},
            "A sweep chooses by the validation part",
        ),
        ("sweep/manual", {"value": []}, "The request is not valid: value"),
        ("backtest/manual", {"refit": "0"}, "should be a number of windows from 1 on, or never"),
    ],
)
def test_what_is_not_understood_fails_with_the_sentence(
    served, server, deployed, request_, sentence
):
    run = server.ended(server.ask_for(deployed, checked=False, **request_))
    assert run["state"]["name"] == "Failed"
    assert sentence in run["state"]["message"]


def test_a_cancelled_sweep_leaves_no_process_of_its_runs(served, server, project):
    project.hold()
    run = server.ask_for("sweep/manual", values=["train.epochs=20,30"], **FORM)
    (training,) = project.held()
    server.cancel(run)
    assert server.ended(run)["state"]["type"] == "CANCELLED"
    project.release()
    until(lambda: training not in served.left(), "the end of the training")
    until(lambda: not project.worktrees(), "the worktree is removed")
