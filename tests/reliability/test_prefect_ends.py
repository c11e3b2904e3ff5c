"""How runs of the command line end: stopped, killed, without a server, at the same time."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.runs.overrides import apply_overrides
from tests.support.prefect_server import Server, kill_group, newer_database, real_server
from tests.support.project import error_of
from tests.support.quick import (
    Quick,
    alive,
    contents,
    free_port,
    in_order,
)

STOPPED = "Stopped on request. What was finished is kept."


@pytest.fixture
def project(quick_with_a_run: Quick) -> Iterator[Quick]:
    yield quick_with_a_run
    quick_with_a_run.clean_up()


@pytest.mark.parametrize(
    ("how", "state", "message"),
    [
        (signal.SIGINT, "CANCELLED", STOPPED),
        (signal.SIGTERM, "CRASHED", "Execution was aborted by a termination signal."),
    ],
)
def test_a_stopped_run_says_so_and_leaves_nothing(
    project: Quick, server: Server, how: signal.Signals, state: str, message: str
):
    before, known = contents(project), server.runs()
    project.hold()
    started = project.start("run", "-S", f"train.epochs={20 + how}", **server.environment)
    (stage,) = project.held()
    started.process.send_signal(how)
    assert started.ends() == 130
    assert started.said().splitlines()[-1] == STOPPED
    started.leaves_nothing()
    assert not alive(stage)
    run = server.new_run(known)
    assert (run["state"]["type"], run["state"]["message"]) == (state, message)
    assert server.tasks(run) == {"prepare": "Skipped", "train": "Crashed"}
    in_order(project)
    project.git("checkout", "--quiet", "params.yaml")
    assert contents(project) == before
    assert json.loads(project.dvc("status", "--json")) == {}


def test_a_killed_run_leaves_no_process_and_the_next_one_mends_it(project: Quick, server: Server):
    before = contents(project)
    project.hold()
    started = project.start("run", "-S", "train.epochs=50", **server.environment)
    (stage,) = project.held()
    started.process.kill()
    started.leaves_nothing()
    assert not alive(stage)
    assert project.read("model") == b"half"

    project.release()
    project.git("checkout", "--quiet", "params.yaml")
    project.exactcast("run", "--no-prefect")
    in_order(project)
    assert contents(project) == before


def test_a_second_run_waits_and_says_for_whom_or_is_refused(project: Quick, server: Server):
    project.hold()
    first = project.start("run", "-S", "train.epochs=60", **server.environment)
    project.held()
    known = server.runs()
    refused = project.attempt("python", "-m", "pipeline", "run", "--no-wait", **server.environment)
    assert refused.returncode == 1
    sentence = f"Another run is in progress in this workspace: process {first.process.pid}, since "
    assert error_of(refused).startswith(f"error: {sentence}")
    seen = server.new_run(known)
    assert seen["state"]["type"] == "FAILED"
    assert seen["state"]["message"].startswith(sentence)

    second = project.start("run", "-S", "train.epochs=61", **server.environment)
    second.says(f"waiting for another run in this workspace: process {first.process.pid}")
    assert project.read("params.yaml").count(b"epochs: 60") == 1  # the second touched nothing yet
    project.release()
    assert (first.ends(), second.ends()) == (0, 0)
    assert project.read("model") == b"61 epochs on table"
    in_order(project)


def test_a_server_that_does_not_answer_is_one_sentence_and_offline_works(project: Quick):
    dead = f"http://127.0.0.1:{free_port()}/api"
    before = contents(project)
    refused = project.attempt(
        "python", "-m", "pipeline", "run", "-S", "train.epochs=5", PREFECT_API_URL=dead
    )
    assert refused.returncode == 1
    assert error_of(refused) == (
        f"error: No Prefect server answers at {dead}, which PREFECT_API_URL or the Prefect profile "
        "names. Start it (exactcast serve), name another, or run with --no-prefect.\n"
    )
    assert contents(project) == before
    said = project.exactcast("run", "--no-prefect", PREFECT_API_URL=dead)
    assert "up to date" in said or "restored" in said


def test_without_a_server_one_is_started_for_the_run_and_ends_with_it(project: Quick):
    log = project.root / ".dvc/tmp/exactcast/server.log"
    log.unlink(missing_ok=True)
    project.hold()
    started = project.start("run", "-S", "train.epochs=70")
    project.held()
    servers = [pid for pid in started.left() if b"prefect.server.api" in _command(pid)]
    assert servers
    project.release()
    assert started.ends() == 0, started.said()
    assert started.said().splitlines()[:2] == [
        "starting a run", "starting a temporary Prefect server",
    ]  # fmt: skip
    assert log.exists()
    started.leaves_nothing()

    log.unlink()
    assert "0 of 3 stages ran, 3 up to date" in project.exactcast("run")
    assert not log.exists()


@pytest.mark.parametrize("where", ["a server that is there", "a server of its own"])
def test_a_proxy_is_not_asked_for_this_machine(project: Quick, server: Server, where: str):
    proxy = f"http://127.0.0.1:{free_port()}"
    proxies = {name: proxy for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY")}
    configured = server.environment if where == "a server that is there" else {}
    epochs = 90 + len(configured)
    said = project.exactcast("run", "-S", f"train.epochs={epochs}", **proxies, **configured)
    assert "the experiment epochs-" in said


def test_the_database_of_a_newer_prefect_is_one_sentence_and_the_log_says_why(
    project: Quick, tmp_path: Path
):
    database, before = newer_database(tmp_path / "home"), contents(project)
    home = {"PREFECT_HOME": str(database.parent)}
    sentence = (
        f"A newer Prefect than 3.8.8 made the database {database}, so no server starts with it"
    )
    ended = project.attempt("python", "-m", "pipeline", "run", "-S", "train.epochs=5", **home)
    said = error_of(ended)
    assert said.startswith(f"error: {sentence}")
    assert len(said.splitlines()) == 1
    assert "Can't locate revision identified by 'ffffffffffff'" in project.read(
        ".dvc/tmp/exactcast/server.log"
    ).decode()  # fmt: skip
    assert contents(project) == before
    assert f"prefect server  {sentence}" in project.exactcast("doctor", check=False, **home)


@pytest.mark.parametrize("command", ["run", "serve"])
def test_broken_profiles_of_prefect_are_one_sentence(project: Quick, tmp_path: Path, command: str):
    (tmp_path / "profiles.toml").write_text('active = "x\n')
    home = {"PREFECT_HOME": str(tmp_path)}
    said = error_of(project.attempt("python", "-m", "pipeline", command, **home))
    assert said.startswith(
        f"error: Prefect's profiles cannot be read from {tmp_path}/profiles.toml: "
    )
    assert len(said.splitlines()) == 1


def test_stopping_a_run_ends_the_server_that_was_started_for_it(project: Quick):
    project.hold()
    started = project.start("run", "-S", "train.epochs=71")
    project.held()
    started.process.send_signal(signal.SIGTERM)
    assert started.ends() == 130
    assert started.said().splitlines()[-1] == STOPPED
    started.leaves_nothing()
    in_order(project)


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("command", ["--help", "status", "doctor"])
def test_what_only_looks_does_not_load_prefects_server(project: Quick, command: str):
    loading = (
        f"import sys, pipeline.cli.main; sys.argv = ['exactcast', '{command}']\n"
        "try: pipeline.cli.main()\n"
        "finally: print(*sys.modules, sep='\\n')"
    )
    loaded = project.attempt("python", "-c", loading).stdout.splitlines()
    assert "pipeline.cli.main" in loaded
    assert not [name for name in loaded if name.startswith("prefect")]


def test_a_parameter_that_a_stage_declares_alone_is_told_with_both_values(project: Quick):
    before = project.lock()["train"]["params"]["params.yaml"]["train.epochs"]
    apply_overrides(project.root, ["train.epochs=5"])
    told = {each["stage"]: each for each in json.loads(project.exactcast("status", "--json"))}
    assert told["train"]["reasons"] == [f"train.epochs {before} -> 5"]
    assert told["evaluate"]["reasons"] == ["train is out of date"]


@pytest.mark.slow
def test_a_server_that_is_killed_takes_no_finished_stage_with_it(project: Quick, tmp_path: Path):
    with real_server(tmp_path) as dying:
        project.hold()
        started = project.start("run", "-S", "train.epochs=80", **dying.environment)
        project.held()
        kill_group(dying.process)
        project.release()
        assert started.process.wait(timeout=400) == 1
    # Prefect adds that it could not send its log
    assert f"error: The Prefect server at {dying.url} stopped answering" in started.said()
    assert "EventsWorker" not in started.said()
    assert "Traceback" not in started.said()
    started.leaves_nothing()
    in_order(project)
    states = json.loads(project.exactcast("run", "--no-prefect", "--json"))["states"]
    assert (states["prepare"], states["train"]) == ("up to date", "up to date")
