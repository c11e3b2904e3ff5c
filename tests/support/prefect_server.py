"""A real Prefect server for tests, and what it knows, asked as its page asks: over HTTP."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.support.quick import free_port, until

ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        url: Of its API.
        process: Its process, the first of its group.
    """

    url: str
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """What makes a command report to it."""
        return {"PREFECT_API_URL": self.url}

    @property
    def page(self) -> str:
        return self.url.removesuffix("/api")

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def post(self, path: str, **content: Any) -> Any:
        return self._answer("POST", path, json=content)

    def patch(self, path: str, **content: Any) -> Any:
        return self._answer("PATCH", path, json=content)

    def delete(self, path: str) -> None:
        self._answer("DELETE", path)

    def _answer(self, method: str, path: str, **content: Any) -> Any:
        """Ask, and again while the server is busy with its database, as Prefect's own client does."""
        deadline = time.monotonic() + 30
        while True:
            answer = httpx.request(method, f"{self.url}/{path}", timeout=30, **content)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.5)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def runs(self) -> list[dict[str, Any]]:
        """Every flow run that somebody asked for, the newest first."""
        return [run for run in self._all() if not run["auto_scheduled"]]

    def scheduled_runs(self) -> list[dict[str, Any]]:
        """Every flow run that a schedule asked for, the newest first."""
        return [run for run in self._all() if run["auto_scheduled"]]

    def _all(self) -> list[dict[str, Any]]:
        return list(self.post("flow_runs/filter", sort="EXPECTED_START_TIME_DESC"))

    def new_run(self, known: list[dict[str, Any]]) -> dict[str, Any]:
        """The one flow run that is not among those known."""
        ids = {run["id"] for run in known}
        (new,) = [run for run in self.runs() if run["id"] not in ids]
        return dict(new)

    def run(self, run: dict[str, Any]) -> dict[str, Any]:
        """A flow run as it is now."""
        return dict(self.get(f"flow_runs/{run['id']}"))

    def ended(self, run: dict[str, Any], *, seconds: int = 90) -> dict[str, Any]:
        """Wait until a flow run has ended."""

        def now() -> str:
            state = self.run(run)["state"]
            return f"{run['name']} is {state['name']}: {state['message']}\n{self.log(run)}"

        until(lambda: self.run(run)["state"]["type"] in ENDED, now, seconds=seconds)
        return self.run(run)

    def tasks(self, run: dict[str, Any]) -> dict[str, str]:
        """The name of each task's state, by the task's name, in their order."""
        chosen = {"id": {"any_": [run["id"]]}}
        found = self.post("task_runs/filter", flow_runs=chosen)
        in_order = sorted(found, key=lambda task: task["start_time"] or "9")
        return {task["name"]: task["state"]["name"] for task in in_order}

    def task_message(self, run: dict[str, Any], name: str) -> str:
        found = self.post("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
        (message,) = [task["state"]["message"] for task in found if task["name"] == name]
        return str(message)

    def artifacts(self, run: dict[str, Any]) -> dict[str, Any]:
        """What a run published, by key: the newest of each."""
        chosen = {"flow_run_id": {"any_": [run["id"]]}}
        found = self.post("artifacts/filter", artifacts=chosen, sort="CREATED_DESC")
        return {each["key"]: each["data"] for each in reversed(found)}

    def versions(self, run: dict[str, Any], key: str) -> int:
        """How many artifacts of one key a run published."""
        chosen = {"flow_run_id": {"any_": [run["id"]]}, "key": {"any_": [key]}}
        return len(self.post("artifacts/filter", artifacts=chosen))

    def log(self, run: dict[str, Any]) -> str:
        chosen = {"flow_run_id": {"any_": [run["id"]]}}
        lines = self.post("logs/filter", logs=chosen, sort="TIMESTAMP_ASC")
        return "\n".join(line["message"] for line in lines)

    def deployment(self, name: str = "train/scheduled") -> dict[str, Any]:
        return dict(self.get(f"deployments/name/{name}"))

    def forget_deployments(self) -> None:
        for each in self.post("deployments/filter"):
            self.delete(f"deployments/{each['id']}")

    def serves(self, flow: str) -> bool:
        """Tell whether somebody serves the flow's deployment."""
        chosen = {"name": {"any_": [flow]}}
        found = self.post("deployments/filter", flows=chosen)
        return any(each["status"] == "READY" for each in found)

    def first_task(self, run: dict[str, Any]) -> datetime:
        """When the first task of a run started."""
        found = self.post("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
        return min(datetime.fromisoformat(task["start_time"]) for task in found)

    def ask_for(
        self,
        deployed: str = "train/scheduled",
        *,
        at: datetime | None = None,
        checked: bool = True,
        **request: Any,
    ) -> dict[str, Any]:
        """Start a run of a deployment, as its form does: now, or later; or unchecked."""
        deployment = self.deployment(deployed)
        state: dict[str, Any] = {"type": "SCHEDULED"}
        if at is not None:
            state["state_details"] = {"scheduled_time": at.isoformat()}
        parameters = {"request": deployment["parameters"]["request"] | request}
        return dict(
            self.post(
                f"deployments/{deployment['id']}/create_flow_run",
                parameters=parameters, state=state, enforce_parameter_schema=checked,
            )
        )  # fmt: skip

    def cancel(self, run: dict[str, Any]) -> None:
        """Cancel a run, as its page does."""
        self.post(f"flow_runs/{run['id']}/set_state", state={"type": "CANCELLING"})


@contextmanager
def real_server(folder: Path, *, port: int | None = None) -> Iterator[Server]:
    """Start `prefect server start` on loopback, with a home in `folder`, until the block ends."""
    chosen = port or free_port()
    url = f"http://127.0.0.1:{chosen}/api"
    environment = {
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port",
             str(chosen)],
            cwd=folder, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: answers(url) or process.poll() is not None, log.read_text, seconds=180)
        assert process.poll() is None, log.read_text()
        yield Server(url, process)
    finally:
        kill_group(process)


@contextmanager
def stub_server(answers: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """Answer on loopback, by path, with a status and a body; any other path with 404 and a page.

    Yields:
        Its address, without a path.
    """

    class Stub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answers.get(self.path, (404, "<html>Nothing here</html>"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at what was answered."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{stub.server_port}"
        finally:
            stub.shutdown()


def newer_database(home: Path) -> Path:
    """Write, into a home of Prefect, the database of a Prefect that is not out yet."""
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
        database.commit()
    return home / "prefect.db"


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
