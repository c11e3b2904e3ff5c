"""Runs as Prefect sees them, against a real server: states, artifacts, ends of every kind."""

import json
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.runs.execute import OVERLAP_ADVICE
from tests.support.prefect_server import Server
from tests.support.project import error_of
from tests.support.quick import (
    Quick,
    Started,
    alive,
    command_of,
    contents,
    environment_of,
    in_order,
    quick_project,
    until,
)

RUN_ID = b"PREFECT__FLOW_RUN_ID="
STAGES = ["prepare", "train", "evaluate"]


@dataclass(frozen=True)
class Told:
    """A run that has ended: what Prefect knows of it, what it printed."""

    run: dict[str, Any]
    tasks: dict[str, str]
    artifacts: dict[str, Any]
    printed: str
    code: int
    lock: dict[str, Any]


@dataclass(frozen=True)
class Story:
    """Runs one after the other in one workspace."""

    ran: Told
    unchanged: Told
    other: Told
    restored: Told
    failed: Told
    halfway: dict[str, Any]  # the first run's artifacts while its training was held
    halfway_tasks: dict[str, str]


@dataclass(frozen=True)
class Served:
    """A project whose deployment is served."""

    project: Quick
    started: Started

    def flow_of(self, run: dict[str, Any]) -> int:
        """The process of a flow run: the first that is told its id."""
        return min(pid for pid in self.started.left() if run["id"].encode() in environment_of(pid))

    def is_quiet(self) -> None:
        """Wait until only what serves is left; then nothing is locked and no worktree is there."""
        until(lambda: not self._runs(), lambda: f"left: {self._runs()}")
        until(lambda: not self.project.worktrees(), "no worktree is left")
        in_order(self.project)

    def _runs(self) -> list[str]:
        return [command_of(pid) for pid in self.started.left() if RUN_ID in environment_of(pid)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Quick:
    return quick_project(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def story(project: Quick, server: Server) -> Story:
    def tell(*arguments: str) -> Told:
        return told(project.start("run", *arguments, **server.environment), server.runs())

    def told(started: Started, known: list[dict[str, Any]]) -> Told:
        code = started.ends()
        run = server.new_run(known)
        return Told(
            run, server.tasks(run), server.artifacts(run), started.said(), code, project.lock()
        )

    project.hold()
    known = server.runs()
    started = project.start("run", "-S", "train.epochs=4", **server.environment)
    project.held()
    run = server.new_run(known)
    until(lambda: "progress-train" in server.artifacts(run), "progress is shown")
    halfway, halfway_tasks = server.artifacts(run), server.tasks(run)
    project.release()
    return Story(
        ran=told(started, known),
        unchanged=tell(),
        other=tell("-S", "train.epochs=10"),
        restored=tell("-S", "train.epochs=4"),
        failed=tell("-S", "train.epochs=13"),
        halfway=halfway,
        halfway_tasks=halfway_tasks,
    )


def test_a_run_is_a_task_for_each_stage_in_the_order_of_the_graph(story: Story):
    assert list(story.ran.tasks.items()) == [(name, "Completed") for name in STAGES]
    assert (story.ran.run["state"]["type"], story.ran.code) == ("COMPLETED", 0)
    assert story.ran.run["state"]["message"].startswith("3 of 3 stages ran. The model beats")


def test_a_run_is_named_by_what_is_special_about_it(story: Story):
    assert re.fullmatch("epochs-4-[0-9a-f]{4}", story.ran.run["name"])
    assert re.fullmatch("epochs-10-[0-9a-f]{4}", story.other.run["name"])


def test_the_stage_that_runs_is_seen_running(story: Story):
    assert story.halfway_tasks == {"prepare": "Completed", "train": "Running"}


def test_the_lines_of_a_stage_are_the_log_of_its_task(story: Story, server: Server):
    assert "epoch 4/4 loss=1.0 val_loss=1.0" in server.log(story.ran.run)


def test_the_training_progress_moves_while_epochs_run_and_ends_full(story: Story):
    assert story.halfway["progress-train"] in (25, 50)  # of 4 epochs, held after the second
    assert story.ran.artifacts["progress-train"] == 100


def test_a_run_with_everything_up_to_date_says_skipped(story: Story):
    assert story.unchanged.tasks == dict.fromkeys(STAGES, "Skipped")
    assert story.unchanged.run["state"]["name"] == "Skipped"
    assert story.unchanged.code == 0
    assert "progress-train" not in story.unchanged.artifacts


def test_what_comes_from_dvcs_run_cache_says_restored(story: Story):
    assert story.restored.tasks == {
        "prepare": "Skipped", "train": "Restored", "evaluate": "Restored",
    }  # fmt: skip
    assert story.restored.lock == story.ran.lock


def test_a_failed_stage_fails_with_its_own_sentence_and_no_later_one_runs(story: Story):
    sentence = "Stage 'train' failed. Thirteen epochs bring bad luck. Take another number."
    assert story.failed.tasks == {"prepare": "Skipped", "train": "Failed"}
    assert story.failed.run["state"]["type"] == "FAILED"
    assert story.failed.run["state"]["message"] == sentence
    assert story.failed.code == 1
    assert story.failed.printed.splitlines()[-1] == f"error: {sentence}"


def test_after_a_failure_the_earlier_results_are_there(story: Story, project: Quick):
    assert story.failed.lock == story.restored.lock
    assert project.read("model") == b"4 epochs on table"
    in_order(project)


def test_the_failed_task_holds_the_sentence_too(story: Story, server: Server):
    assert server.task_message(story.failed.run, "train").startswith("Stage 'train' failed. Thir")


def test_the_graph_is_drawn_with_how_each_stage_ended(story: Story):
    page = story.failed.artifacts["graph"]
    for row in ("| **train** | failed | prepare |", "| **evaluate** | - | train |"):
        assert row in page
    for line in ("prepare --> train", "train --> evaluate"):
        assert line in page
    assert 'train["<b>train</b><br/><i>failed</i>"]' in page
    assert 'evaluate["<b>evaluate</b>"]' in page


def test_the_graph_is_one_page_for_a_run_that_shows_the_states_while_it_runs(
    story: Story, server: Server
):
    assert "| **prepare** | ran | - |" in story.halfway["graph"]
    assert "| **train** | - | prepare |" in story.halfway["graph"]
    assert "| **train** | ran | prepare |" in story.ran.artifacts["graph"]
    assert [server.versions(told.run, "graph") for told in (story.ran, story.failed)] == [1, 1]


def test_scores_stand_beside_baselines_and_the_run_before(story: Story):
    assert json.loads(story.other.artifacts["scores"]) == [
        # the model's error is the length of "10 epochs on table"; the run before had 4
        {"RMSE": "oil", "model": "18", "run before": "17", "repeat last": "50", "skill (MSE)": "0.5"},
        {"RMSE": "all, standardised", "model": "1.8", "run before": "1.7", "repeat last": "5",
         "skill (MSE)": "0.5"},
    ]  # fmt: skip


def test_the_report_has_its_plots_inline(story: Story):
    report = story.other.artifacts["report"]
    assert report.startswith("The model beats every baseline.\n\nLeak: none.")
    assert "![forecast](data:image/png;base64,iVBORw0KGgo" in report


def test_each_stage_lists_what_it_read_and_made_with_the_hashes_of_the_lock(story: Story):
    for name in STAGES:
        rows = json.loads(story.other.artifacts[f"stage-{name}"])
        hashes = {row["name"]: row["value"] for row in rows if row["what"] != "parameter"}
        entry = story.other.lock[name]
        assert hashes == {each["path"]: each["md5"] for each in [*entry["deps"], *entry["outs"]]}
    of_training = json.loads(story.other.artifacts["stage-train"])
    assert {"what": "parameter", "name": "train.epochs", "value": "10"} in of_training


def test_the_record_names_the_flow_run(story: Story, project: Quick):
    name = json.loads(
        project.git("show", f"{_experiment(project, 'epochs-10')}:reports/record.json")
    )
    assert name["watched_by"]["flow_run_id"] == story.other.run["id"]


def _experiment(project: Quick, part: str) -> str:
    refs = project.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    (found,) = [ref for ref in refs if part in ref]
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Served]:
    """`exactcast serve` with a server of its own, without a schedule; runs are asked for."""
    project = quick_project(tmp_path_factory.mktemp("served"))
    project.exactcast("run", "--no-prefect", "-S", "train.epochs=4")
    started = project.start("serve", **server.environment, PREFECT_RUNNER_POLL_FREQUENCY="1")
    try:
        started.says("watch it at")
        until(lambda: server.serves("train"), started.said)
        yield Served(project, started)
    finally:
        project.release()
        started.end_all()


def test_a_run_asked_for_on_the_page_is_isolated_and_kept(served: Served, server: Server):
    before = contents(served.project)
    run = server.ended(server.ask_for(overrides={"train": {"epochs": 6}}))
    assert run["state"]["type"] == "COMPLETED", server.log(run)
    assert run["name"].startswith("epochs-6-")
    assert server.tasks(run) == dict.fromkeys(STAGES, "Completed") | {"prepare": "Restored"}
    kept = re.search(r"Kept as the experiment ([\w-]+)\.", run["state"]["message"])[1]
    assert kept == run["name"]
    assert contents(served.project) == before
    rows = json.loads(served.project.dvc("exp", "show", "--json"))
    assert kept in json.dumps(rows)
    served.is_quiet()


def test_a_configuration_can_be_asked_for_on_the_page(served: Served, server: Server):
    before = contents(served.project)
    file = "configs/chronological.yaml"
    run = server.ended(server.ask_for(config=[file], overrides={"train": {"epochs": 11}}))
    assert run["state"]["type"] == "COMPLETED", server.log(run)
    assert run["name"].startswith("chronological-epochs-11-")
    record = json.loads(served.project.exactcast("show", run["name"], "--json"))["record"]
    assert [each["path"] for each in record["config"]] == [file]
    assert record["parameters"]["split"]["method"] == "chronological"
    assert record["parameters"]["train"]["epochs"] == 11
    assert contents(served.project) == before
    served.is_quiet()


def test_a_bad_value_fails_the_run_with_the_sentence_of_the_command_line(
    served: Served, server: Server
):
    project = served.project
    run = server.ended(server.ask_for(checked=False, overrides={"train": {"epochs": -1}}))
    refused = project.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "-S", "train.epochs=-1"
    )
    assert refused.returncode == 1
    assert run["state"]["type"] == "FAILED"
    assert error_of(refused) == f"error: {run['state']['message']}\n"
    assert "train.epochs" in refused.stdout
    assert re.fullmatch("epochs--1-[0-9a-f]{4}", run["name"])
    assert server.tasks(run) == {}
    served.is_quiet()
    assert "Traceback" not in server.log(run) + served.started.said()


def test_a_bad_value_is_refused_before_a_run_is_made(served: Served, server: Server):
    known = server.runs()
    with pytest.raises(AssertionError, match="-5 is less than or equal to the minimum of 0"):
        server.ask_for(overrides={"train": {"epochs": -5}})
    assert server.runs() == known


def test_the_form_of_the_deployment_has_the_committed_values(served: Served, server: Server):
    form = server.deployment()["parameter_openapi_schema"]["definitions"]
    assert form["Windowing"]["properties"]["lookback"]["description"] == (
        "rows a forecast reads (now 24)"
    )
    commit = served.project.git("rev-parse", "HEAD")[:7]
    assert form["Request"]["properties"]["overrides"]["description"].endswith(commit)
    assert "default" not in form["Windowing"]["properties"]["lookback"]


def test_a_form_with_an_unknown_field_is_one_sentence(served: Served, server: Server):
    run = server.ended(
        server.ask_for(checked=False, overrides={"train": {"epoch": 5}}, isloated=True)
    )
    assert run["state"]["type"] == "FAILED"
    assert run["state"]["message"].startswith("The request is not valid: isloated: ")
    assert run["name"] == "invalid"


def test_a_run_that_may_not_overlap_is_skipped_and_one_that_waits_comes_after(
    served: Served, server: Server
):
    project = served.project
    project.hold()
    first = server.ask_for(overlap="skip", overrides={"train": {"epochs": 8}})
    (stage,) = project.held()
    second = server.ended(server.ask_for(overlap="skip", overrides={"train": {"epochs": 9}}))
    assert (second["state"]["type"], second["state"]["name"]) == ("COMPLETED", "Skipped")
    assert second["state"]["message"].startswith(
        "Another run is in progress in this workspace: process "
    )
    assert second["state"]["message"].endswith(OVERLAP_ADVICE)
    assert server.tasks(second) == {}

    third = server.ask_for(overlap="wait", overrides={"train": {"epochs": 9}})
    until(lambda: server.run(third)["state"]["type"] == "RUNNING", "the third run starts")
    until(lambda: "waiting for another run" in served.started.said(), served.started.said)
    assert alive(stage)
    assert server.tasks(third) == {}
    project.release()
    first, third = server.ended(first), server.ended(third)
    assert (first["state"]["name"], third["state"]["name"]) == ("Completed", "Completed")
    assert first["end_time"] < min(
        each["start_time"] for each in server.post(
            "task_runs/filter", flow_runs={"id": {"any_": [third["id"]]}})
    )  # fmt: skip
    served.is_quiet()


def test_isolated_runs_go_on_beside_each_other(served: Served, server: Server):
    project = served.project
    project.hold()
    runs = [
        server.ask_for(overlap="allow", overrides={"train": {"epochs": epochs}})
        for epochs in (20, 21)
    ]
    assert len(project.held(n=2)) == 2
    assert len(project.worktrees()) == 2
    project.release()
    for run, epochs in zip(runs, (20, 21), strict=True):
        ended = server.ended(run)
        assert ended["state"]["name"] == "Completed", server.log(run)
        table = json.loads(server.artifacts(run)["stage-train"])
        assert {"what": "parameter", "name": "train.epochs", "value": str(epochs)} in table
    served.is_quiet()


def test_a_cancelled_run_says_so_and_leaves_nothing(served: Served, server: Server):
    project, before = served.project, contents(served.project)
    project.hold()
    run = server.ask_for(overrides={"train": {"epochs": 30}})
    (stage,) = project.held()
    server.cancel(run)
    ended = server.ended(run)
    assert (ended["state"]["type"], ended["state"]["name"]) == ("CANCELLED", "Cancelled")
    until(lambda: not alive(stage), "the training ended")
    served.is_quiet()
    project.release()
    assert contents(project) == before

    again = server.ended(server.ask_for(overrides={"train": {"epochs": 30}}))
    assert again["state"]["name"] == "Completed"
    assert server.tasks(again)["prepare"] == "Restored"
    served.is_quiet()


def test_a_killed_run_is_marked_by_who_started_it_and_leaves_nothing(
    served: Served, server: Server
):
    project, before = served.project, contents(served.project)
    project.hold()
    run = server.ask_for(overrides={"train": {"epochs": 32}})
    (stage,) = project.held()
    os.kill(served.flow_of(run), signal.SIGKILL)
    ended = server.ended(run)
    assert ended["state"]["type"] == "CRASHED"
    until(lambda: not alive(stage), "the training ended")
    project.release()
    assert len(project.worktrees()) == 1  # nobody was left to remove it
    assert contents(project) == before

    again = server.ended(server.ask_for(overrides={"train": {"epochs": 32}}))
    assert again["state"]["name"] == "Completed"
    served.is_quiet()


def test_sigterm_ends_serving_and_all_that_it_started(served: Served, server: Server):
    """The last of the module: it ends what the others use."""
    project = served.project
    project.hold()
    run = server.ask_for(overrides={"train": {"epochs": 34}})
    (stage,) = project.held()
    served.started.process.send_signal(signal.SIGTERM)
    assert served.started.ends() == 130
    assert served.started.said().splitlines()[-1] == (
        "Stopped on request. What was finished is kept."
    )
    served.started.leaves_nothing()
    assert not alive(stage)
    ended = server.ended(run, seconds=180)  # the server gives up on a silent run after 90
    assert ended["state"]["type"] in ("CANCELLED", "CRASHED")
    project.release()
    project.exactcast("run", "--isolated", "--no-prefect")
    assert project.worktrees() == []
    in_order(project)
