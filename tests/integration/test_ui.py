"""What a person sees of a run in Prefect's page, in a real browser."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import Browser, browser
from tests.support.prefect_server import Server
from tests.support.project import error_of
from tests.support.quick import Quick, finished_quick_project, until

BUSY = "Unknown error while creating flow run."  # Prefect's page of an answer 503


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def served(
    page: Browser, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Quick]:
    project = finished_quick_project(tmp_path_factory.mktemp("seen"))
    started = project.start("serve", **server.environment, PREFECT_RUNNER_POLL_FREQUENCY="1")
    started.says("watch it at")
    until(lambda: server.serves("train"), started.said)
    yield project
    project.clean_up()


@pytest.fixture(scope="module")
def run(served: Quick, server: Server) -> dict[str, Any]:
    """A run with an override, finished."""
    return server.ended(server.ask_for(overrides={"train": {"epochs": 10}}))


def test_the_page_of_a_run_lists_the_stages_with_their_states(
    run: dict[str, Any], page: Browser, server: Server
):
    text = page.open(f"{server.page}/v2/runs/flow-run/{run['id']}?tab=TaskRuns", "evaluate")
    assert run["name"].startswith("epochs-10-")
    for words in (run["name"], "3 Task runs"):
        assert words in text
    lines = text.splitlines()
    states = {name: lines[lines.index(name) + 1] for name in ("prepare", "train", "evaluate")
              if lines.count(name) == 1}  # fmt: skip
    assert states == {"prepare": "Skipped", "evaluate": "Completed"}


def test_the_artifacts_of_a_run_are_on_its_page(run: dict[str, Any], page: Browser, server: Server):
    keys = ("graph", "progress-train", "report", "scores", "stage-evaluate", "stage-train")
    page.open(f"{server.page}/v2/runs/flow-run/{run['id']}?tab=Artifacts", *keys)


def test_the_scores_are_a_table(run: dict[str, Any], page: Browser, server: Server):
    text = page.open(_artifact(server, run, "scores"), "repeat last")
    for words in ("The model beats every baseline.", "run before", "all, standardised"):
        assert words in text
    cells = text.splitlines()
    start = cells.index("oil")
    assert set(cells[start : start + 6]) >= {"oil", "18", "17", "50"}


@pytest.mark.parametrize("ui", ["", "/v2"])
def test_the_graph_is_a_table_in_both_pages(
    run: dict[str, Any], page: Browser, server: Server, ui: str
):
    page.open(_artifact(server, run, "graph").replace("/v2", ui), "reads from")
    cells = [cell.text for cell in page.driver.find_elements("css selector", "td")]
    assert cells[:8] == [
        "prepare", "up to date", "-", "The raw table, as it is",
        "train", "ran", "prepare", "Nothing, trained",
    ]  # fmt: skip


def test_the_graph_is_a_drawing(run: dict[str, Any], page: Browser, server: Server):
    page.open(_artifact(server, run, "graph"), "evaluate")
    drawing = page.find("svg[id^=mermaid], svg[aria-roledescription^=flowchart]")
    assert all(name in drawing.text for name in ("prepare", "train", "evaluate"))
    assert "up to date" in drawing.text


def test_the_report_shows_its_plot(run: dict[str, Any], page: Browser, server: Server):
    page.open(_artifact(server, run, "report"), "Leak: none.")
    plot = page.find("img[src^='data:image/png']")
    assert plot.get_property("naturalWidth") == 1


def test_the_training_progress_moves_on_the_page(served: Quick, page: Browser, server: Server):
    served.hold()
    run = server.ask_for(overrides={"train": {"epochs": 20}})
    served.held()
    until(lambda: "progress-train" in server.artifacts(run), "progress is shown")
    url = _artifact(server, run, "progress-train")
    assert "Progress: 100%" not in page.open(url, "Progress: ")
    served.release()
    server.ended(run)
    page.open(url, "Progress: 100%")


def _artifact(server: Server, run: dict[str, Any], key: str) -> str:
    chosen = {"flow_run_id": {"any_": [run["id"]]}, "key": {"any_": [key]}}
    found = server.post("artifacts/filter", artifacts=chosen, sort="CREATED_DESC")
    return f"{server.page}/v2/artifacts/artifact/{found[0]['id']}"


def submit(page: Browser, server: Server, epochs: str) -> None:
    """Fill in the form of a run."""
    form = f"{server.page}/v2/deployments/deployment/{server.deployment()['id']}/run"
    page.open(form, "Epochs (Optional)", "Batch Size (Optional)")
    page.field("Epochs").send_keys(epochs)


def ids(runs: list[dict[str, Any]]) -> set[str]:
    return {run["id"] for run in runs}


def submitted(page: Browser, server: Server, known: list[dict[str, Any]]) -> dict[str, Any]:
    """Press Submit, and again where the server was busy with its database, as a person does."""
    for _ in range(5):
        page.button("Submit").click()
        until(lambda: asked(server, known) or BUSY in page.text(), page.text)
        time.sleep(2)  # the sentence stands there for a while
        if asked(server, known):
            return server.ended(server.new_run(known))
    pytest.fail(f"no run, but {page.text()}")


def asked(server: Server, known: list[dict[str, Any]]) -> bool:
    return bool(ids(server.runs()) - ids(known))


def test_a_run_can_be_asked_for_by_the_form(served: Quick, page: Browser, server: Server):
    known = server.runs()
    submit(page, server, "6")
    run = submitted(page, server, known)
    assert run["state"]["name"] == "Completed", server.log(run)
    assert run["parameters"]["request"]["overrides"] == {"train": {"epochs": 6}}
    assert run["name"].startswith("epochs-6-")
    page.open(f"{server.page}/v2/runs", run["name"])


@pytest.mark.parametrize("ui", ["", "/v2"])
def test_the_form_says_what_its_fields_mean_and_what_they_are_now(
    served: Quick, page: Browser, server: Server, ui: str
):
    epochs = "(now 4)"  # of the commit that the runs start from
    page.open(
        f"{server.page}{ui}/deployments/deployment/{server.deployment()['id']}/run",
        "rows a forecast reads (now 24)", epochs, "Keep (Optional)",
        "Keep the newest N experiments that no person named; empty keeps all",
        f"now: in commit {served.git('rev-parse', 'HEAD')[:7]}",
    )  # fmt: skip


def test_the_form_refuses_a_value_outside_the_limits_of_a_parameter(
    served: Quick, page: Browser, server: Server
):
    known = server.runs()
    submit(page, server, "-5")
    page.button("Submit").click()
    page.shows("-5 is less than or equal to the minimum of 0")
    assert ids(server.runs()) == ids(known)


def test_a_bad_value_in_the_form_unchecked_fails_in_the_words_of_the_command_line(
    served: Quick, page: Browser, server: Server
):
    known = server.runs()
    submit(page, server, "-1")
    page.field("Enforce Parameter Schema").click()
    run = submitted(page, server, known)
    assert run["state"]["type"] == "FAILED"
    assert run["name"].startswith("epochs--1-")
    refused = served.attempt(
        "python", "-m", "pipeline.cli.main", "run", "--no-prefect", "-S", "train.epochs=-1"
    )
    assert error_of(refused) == f"error: {run['state']['message']}\n"
    page.open(f"{server.page}/v2/runs/flow-run/{run['id']}?tab=Details", "train.epochs: ")
