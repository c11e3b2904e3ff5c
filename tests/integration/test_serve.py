"""`exactcast serve` from its start to its end, and the same deployments on a worker."""

import os
import re
import signal
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.orchestration import flows
from pipeline.orchestration.deployments import NAME
from tests.support.prefect_server import Server, answers
from tests.support.project import ROOT
from tests.support.quick import Quick, Started, alive, contents, in_order, until


@pytest.fixture
def project(quick: Quick):
    quick.exactcast("run", "--no-prefect", "-S", "train.epochs=4")
    quick.commit("a run")
    yield quick
    quick.clean_up()


def test_a_schedule_fires_by_itself_and_sigterm_ends_the_server_too(project: Quick):
    before = contents(project)
    started = project.start("serve", "--cron", "* * * * *", "--timezone", "Europe/Lisbon")
    started.says("watch it at")
    page = re.search(r"watch it at (http://127\.0\.0\.1:\d+)", started.said())[1]
    server = Server(f"{page}/api", started.process)
    assert answers(server.url)

    def fired() -> list[str]:
        ended = {"COMPLETED", "FAILED", "CRASHED"}
        return [run["id"] for run in server.scheduled_runs() if run["state"]["type"] in ended]

    until(fired, started.said, seconds=200)
    run = server.run({"id": fired()[0]})
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "COMPLETED", server.log(run)
    # the committed result is in the workspace's cache, which the worktree shares
    assert server.tasks(run) == dict.fromkeys(("prepare", "train", "evaluate"), "Skipped")
    assert contents(project) == before
    assert [each["name"] for each in server.post("automations/filter")] == [
        "exactcast: a run that went silent has crashed"
    ]

    started.process.send_signal(signal.SIGTERM)
    assert started.ends() == 130
    started.leaves_nothing()
    assert not answers(server.url)
    in_order(project)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--cron", "0 6 * * * *"], "--cron '0 6 * * * *' is not a schedule."),
        (["--verify-cron", "0 0 31 2 *"], "--verify-cron '0 0 31 2 *' never comes:"),
        (["--forecast-cron", "hourly"], "--forecast-cron 'hourly' is not a schedule."),
        (["--timezone", "localtime"], "--timezone 'localtime' is not a time zone"),
        (["--config", "none.yaml"], "The configuration none.yaml does not exist."),
    ],
)
def test_a_schedule_that_is_not_valid_is_one_sentence_and_starts_nothing(
    quick: Quick, options: list[str], sentence: str
):
    said = quick.exactcast("serve", *options, check=False)
    assert said.startswith(f"error: {sentence}")
    assert len(said.splitlines()) == 1


def registers(quick: Quick, server: Server, *options: str) -> str:
    """Serve until the deployments are registered; return what was printed."""

    def when() -> list[str]:
        verify = server.post("deployments/filter", flows={"name": {"any_": ["verify"]}})
        return [each["updated"] for each in verify if each["name"] == "scheduled"]

    before = when()
    started = quick.start("serve", "--cron", "0 6 * * *", *options, **server.environment)
    until(lambda: when() != before, started.said)
    started.process.send_signal(signal.SIGTERM)
    started.ends()
    return started.said()


def test_what_a_person_paused_stays_paused_when_serving_starts_again(quick: Quick, server: Server):
    hourly = ("--forecast-cron", "5 * * * *")
    first = registers(quick, server, *hourly).splitlines()
    assert first[0] == "trains at '0 6 * * *' (UTC), next:"
    assert [line[-10:] for line in first[1:4]] == [" 06:00 UTC"] * 3
    assert first[4] == "forecasts at '5 * * * *' (UTC), next:"
    assert [line[-7:] for line in first[5:8]] == [":05 UTC"] * 3
    assert first[8] == "verifies at '0 3 * * 0' (UTC), next:"
    train, verify = server.deployment(), server.deployment("verify/scheduled")
    forecast = server.deployment("forecast/scheduled")
    for each in (train, forecast):
        (schedule,) = each["schedules"]
        server.patch(f"deployments/{each['id']}/schedules/{schedule['id']}", active=False)
    server.post(f"deployments/{verify['id']}/pause_deployment")

    again = registers(quick, server, *hourly)
    for name, deployment in (
        ("train/scheduled", train),
        ("forecast/scheduled", forecast),
        ("verify/scheduled", verify),
    ):
        assert (
            f"{name} stays paused, as it was left. Switch its schedule on at\n"
            f"  {server.page}/deployments/deployment/{deployment['id']}\n"
        ) in again
    for each in (train, forecast):
        (schedule,) = server.get(f"deployments/{each['id']}")["schedules"]
        assert not schedule["active"]
        server.patch(f"deployments/{each['id']}/schedules/{schedule['id']}", active=True)
    assert server.deployment("verify/scheduled")["paused"]

    server.post(f"deployments/{verify['id']}/resume_deployment")
    assert "stays paused" not in registers(quick, server, *hourly)
    for each in (train, forecast):
        (schedule,) = server.get(f"deployments/{each['id']}")["schedules"]
        assert schedule["active"]
    assert not server.deployment("verify/scheduled")["paused"]
    quick.clean_up()


def test_scheduled_forecasts_are_asked_for_what_serving_was_given(quick: Quick, server: Server):
    registers(quick, server)
    forecast = server.deployment("forecast/scheduled")
    assert forecast["schedules"] == []
    assert forecast["parameters"]["request"] == {"refresh": False, "push": False, "keep": 100}
    registers(quick, server, "--refresh", "--push", "--keep-forecasts", "7")
    forecast = server.deployment("forecast/scheduled")
    assert forecast["parameters"]["request"] == {"refresh": True, "push": True, "keep": 7}
    quick.clean_up()


def test_scheduled_runs_apply_the_configuration_that_serving_was_given(
    quick: Quick, server: Server
):
    registers(quick, server, "--config", "configs/chronological.yaml")
    file = str((quick.root / "configs/chronological.yaml").resolve())
    assert server.deployment()["parameters"]["request"]["config"] == [file]
    registers(quick, server)
    assert server.deployment()["parameters"]["request"]["config"] == []
    quick.clean_up()


def test_a_deployment_of_the_former_name_is_replaced_and_stays_paused(quick: Quick, server: Server):
    registers(quick, server)
    now = server.deployment("verify/scheduled")
    former = {"name": "weekly", "flow_id": now["flow_id"], "paused": True}
    server.post("deployments/", **former, tags=["exactcast"])
    server.delete(f"deployments/{now['id']}")

    said = registers(quick, server)
    assert "verify/weekly is called verify/scheduled now, and is removed\n" in said
    assert server.deployment("verify/scheduled")["paused"]
    assert "removed" not in registers(quick, server)
    names = [each["name"] for each in server.post("deployments/filter")]
    assert "weekly" not in names
    server.post(f"deployments/{server.deployment('verify/scheduled')['id']}/resume_deployment")
    quick.clean_up()


def test_the_deployments_for_a_worker_are_those_of_serve():
    """Names and entry points of prefect.yaml; a slow test runs them."""
    listed = YAML(typ="safe").load(ROOT / "prefect.yaml")["deployments"]
    points = [each["entrypoint"].rpartition(":") for each in listed]
    assert {path for path, _, _ in points} == {"pipeline/orchestration/flows.py"}
    served = [flows.train.name, flows.forecast.name, flows.verify_run.name]
    assert [getattr(flows, name).name for _, _, name in points] == served
    assert [each["name"] for each in listed] == [NAME, NAME, NAME]


@pytest.mark.slow
def test_a_run_whose_whole_machine_went_down_is_marked_as_crashed(project: Quick, server: Server):
    started = project.start("serve", **server.environment, PREFECT_RUNNER_POLL_FREQUENCY="1")
    started.says("watch it at")
    until(lambda: server.serves("train"), started.said)
    project.hold()
    run = server.ask_for(overrides={"train": {"epochs": 40}})
    (stage,) = project.held()
    # a heartbeat must have come before its absence means anything
    until(lambda: _beats(server, run["id"]), "a heartbeat", seconds=60)
    started.end_all()
    assert not alive(stage)
    assert server.run(run)["state"]["type"] == "RUNNING"
    ended = server.ended(run, seconds=240)
    assert ended["state"]["type"] == "CRASHED"
    assert ended["state"]["message"].startswith("No sign of life for 90 seconds")

    project.release()
    project.exactcast("run", "--isolated", "--no-prefect", "-S", "train.epochs=40")
    assert project.worktrees() == []
    in_order(project)


@pytest.mark.slow
def test_a_run_of_a_terminal_is_not_taken_for_dead_while_it_lives(project: Quick, server: Server):
    serving = project.start("serve", **server.environment)
    serving.says("watch it at")
    until(lambda: server.serves("train"), serving.said)
    known = server.runs()
    project.hold()
    started = project.start("run", "-S", "train.epochs=41", **server.environment)
    project.held()
    run = server.new_run(known)
    with pytest.raises(AssertionError, match="is Running"):
        server.ended(run, seconds=150)  # longer than the silence that counts as death
    project.release()
    assert started.ends() == 0
    assert server.run(run)["state"]["type"] == "COMPLETED"


def _beats(server: Server, run: str) -> bool:
    found = server.post(
        "events/filter",
        filter={
            "event": {"name": ["prefect.flow-run.heartbeat"]},
            "resource": {"id": [f"prefect.flow-run.{run}"]},
        },
    )
    return bool(found["events"])


@pytest.mark.slow
def test_a_worker_runs_what_prefect_yaml_describes(project: Quick, server: Server, tmp_path: Path):
    def prefect(*arguments: str) -> str:
        return project.call("python", "-m", "prefect", *arguments, **server.environment)

    names = [
        each["name"] for each in YAML(typ="safe").load(project.root / "prefect.yaml")["deployments"]
    ]
    prefect("work-pool", "create", "--type", "process", "local")
    prefect("--no-prompt", "deploy", "--all")
    found = server.post("deployments/filter")
    assert [each["name"] for each in found if each["work_pool_name"] == "local"] == names

    worker = Started.of(
        project, "python", "-m", "prefect", "worker", "start", "--pool", "local",
        **server.environment, PREFECT_WORKER_QUERY_SECONDS="2",
    )  # fmt: skip
    project.started.append(worker)
    before = contents(project)
    run = server.ended(server.ask_for(overrides={"train": {"epochs": 6}}), seconds=180)
    assert run["state"]["type"] == "COMPLETED", server.log(run)
    assert "exactcast" in run["tags"]
    assert "Kept as the experiment" in run["state"]["message"]
    assert contents(project) == before
    os.kill(worker.process.pid, signal.SIGTERM)
    worker.ends()
    worker.leaves_nothing()
