"""Take the pictures of the Prefect UI in docs/ again: `python -m tests.support.screenshots`.

A run of the demo, of 30 epochs, in a temporary copy, served with a temporary Prefect server.
"""

import stages  # noqa: F401, I001  the import is the seal

import os
import tempfile
from pathlib import Path

from pipeline.versioning.graph import load_graph
from tests.support.browser import Browser, browser
from tests.support.prefect_server import Server, real_server
from tests.support.project import ROOT, copy_project
from tests.support.quick import Started, until

PAGES = {
    "graph": "evaluate",
    "scores": "all, standardised",
    "forecast": "80 %",
    "report": "Leak: ",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFECT_HOME"] = str(Path(folder) / "home")
        with real_server(Path(folder)) as server:
            project = copy_project(Path(folder) / "station")
            serving = Started.of(
                project, "python", "-m", "pipeline", "serve", "--cron", "0 6 * * *",
                "--timezone", "Europe/Lisbon", **server.environment,
            )  # fmt: skip
            try:
                serving.says("watch it at")
                until(lambda: server.serves("train"), serving.said)
                with browser() as page:
                    take(server, page)
            finally:
                serving.end_all()


def take(server: Server, page: Browser) -> None:
    run = server.ended(server.ask_for(overrides={"train": {"epochs": 30}}), seconds=600)
    tasks = f"{len(load_graph(ROOT).order())} Task runs"
    page.open(f"{server.page}/v2/runs/flow-run/{run['id']}?tab=TaskRuns", tasks, "evaluate")
    save(page, "run", height=1300)
    chosen = {"flow_run_id": {"any_": [run["id"]]}}
    published = server.post("artifacts/filter", artifacts=chosen, sort="CREATED_DESC")
    newest = {each["key"]: each["id"] for each in reversed(published)}
    for key, words in PAGES.items():
        page.open(f"{server.page}/v2/artifacts/artifact/{newest[key]}", words)
        save(page, key, height=760 if key == "scores" else 1300)
    form = f"{server.page}/v2/deployments/deployment/{server.deployment()['id']}/run"
    page.open(form, "Epochs (Optional)")
    page.field("Epochs").send_keys("50")
    page.driver.execute_script("document.activeElement.scrollIntoView({block: 'center'})")
    save(page, "form", height=1000)


def save(page: Browser, name: str, *, height: int) -> None:
    page.picture(ROOT / f"docs/ui-{name}.png", height=height)


if __name__ == "__main__":
    main()
