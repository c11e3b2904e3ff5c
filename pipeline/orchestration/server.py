"""The Prefect server that a run reports to: the one that is configured, or one started for it."""

import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from foundation.errors import ServerSilentError, SetupError
from foundation.processes import running
from pipeline.orchestration.prefect_setup import newer_database
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import child_environment

START = 120.0  # seconds a server may take to answer for the first time
ANSWER = 10.0  # seconds a server that runs may take
HEARTBEAT = 30  # seconds between the signs of life of a run; Prefect allows no fewer
RETRIES = 3  # of a request, in about 7 s; Prefect's 5 make minutes of a run whose server is gone
LOOPBACK = "127.0.0.1"
LOG = Path(".dvc/tmp/exactcast/server.log")
COMPLAINT = re.compile(r"ERROR +\| \S+ - (?!Traceback|Application)(.+)")
RAISED = re.compile(r"^[\w.]+(?:Error|Exception)\b.*: .*", re.MULTILINE)  # ends a traceback
PRIVATE = {
    # a run in a terminal silences Prefect's console, which is the log of a server
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # else, after a restart, slots stay taken by leases that nobody remembers
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}


def configured_server() -> str | None:
    """Return the address of the server that Prefect's settings name, if any."""
    url: str | None = PREFECT_API_URL.value()
    return url


def answers(url: str) -> bool:
    """Return True if a Prefect server answers at a URL."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=5.0).content == b"true"
    except httpx.HTTPError:
        return False


def check_answers(url: str) -> None:
    """Refuse to start a run that nobody would see.

    Raises:
        ServerSilentError: Nothing answers at the address.
        SetupError: What answers refuses us, or it is not Prefect's API.
    """
    # a server whose database is busy says 503, and answers a moment later
    settings = {PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 1}
    try:
        with (
            temporary_settings(settings),
            get_client(sync_client=True, httpx_settings={"timeout": ANSWER}) as client,
        ):
            client.read_flows(limit=1)
    except httpx.HTTPStatusError as refused:
        raise SetupError(_refusal(url, refused.response.status_code)) from None
    except httpx.HTTPError:
        raise ServerSilentError(
            f"No Prefect server answers at {url}, which PREFECT_API_URL or the Prefect profile names. "
            "Start it (exactcast serve), name another, or run with --no-prefect."
        ) from None
    except ValueError:  # a page, not the JSON of the API
        raise SetupError(_not_the_api(url)) from None


def _refusal(url: str, status: int) -> str:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return (
            f"The Prefect server at {url} rejects the credentials ({status}). Set "
            "PREFECT_API_AUTH_STRING to the server's user:password (for Prefect Cloud "
            "PREFECT_API_KEY), or run with --no-prefect."
        )
    if httpx.codes.is_server_error(status):
        return f"The server at {url} fails ({status}). Look into its log, or run with --no-prefect."
    return _not_the_api(url)


def _not_the_api(url: str) -> str:
    right = f"{url.rstrip('/')}/api"
    cure = (
        f"it answers at {right}: set PREFECT_API_URL={right}"
        if answers(right)
        else "its address ends in /api, such as http://127.0.0.1:4200/api"
    )
    return f"PREFECT_API_URL or the Prefect profile names {url}, which is not Prefect's API; {cure}"


@contextmanager
def started_server(
    workspace: Checkout, *, port: int | None = None, page: bool = False
) -> Iterator[str]:
    """Start a Prefect server on loopback, with the database of Prefect's home, until the block ends.

    It cannot outlive this process, however this process ends.

    Args:
        workspace: The user's checkout.
        port: Where it listens; else any free port.
        page: With the user interface.

    Yields:
        The URL of its API.

    Raises:
        SetupError: It did not start.
    """
    chosen = port or free_port()
    url = f"http://{LOOPBACK}:{chosen}/api"
    page_asks = {"PREFECT_UI_API_URL": url}  # else at Prefect's own port
    environment = child_environment() | PRIVATE | page_asks
    log_file = workspace.root / LOG
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with (
        log_file.open("w+b") as log,
        running(
            _command(chosen, page=page), folder=workspace.root, environment=environment, output=log
        ) as process,
    ):
        deadline = time.monotonic() + START
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise _did_not_start(chosen, log.read().decode(errors="replace"))
            time.sleep(0.1)
        check_answers(url)
        yield url


def _did_not_start(port: int, log: str) -> SetupError:
    if "Can't locate revision" in log:
        return newer_database()
    complaint, raised = COMPLAINT.search(log), RAISED.findall(log)
    if complaint is not None:
        reason = complaint[1]
    elif raised:
        reason = raised[-1]
    else:
        reason = " ".join(log.strip().splitlines()[-3:]) or "it printed nothing"
    return SetupError(
        f"Prefect's server did not start on {LOOPBACK}:{port}: {reason}. Full log: {LOG}. Correct "
        "that, or run with --no-prefect, without a server."
    )


def _command(port: int, *, page: bool) -> list[str]:
    address = ["--host", LOOPBACK, "--port", str(port)]
    if page:
        return [sys.executable, "-m", "prefect", "server", "start", *address]
    return [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app",
            "--log-level", "error", *address]  # fmt: skip


def is_free(port: int) -> bool:
    """Return True if nothing listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def reporting(workspace: Checkout) -> Iterator[str]:
    """Let flow runs in this process report to the configured server, or to a temporary one.

    Raises:
        SetupError: The configured server does not answer, or none can be started.
    """
    url = configured_server()
    if url is not None:
        check_answers(url)
        yield url
        return
    with started_server(workspace) as url, temporary_settings({PREFECT_API_URL: url}):
        try:
            yield url
        finally:
            _send_the_rest()


def _send_the_rest() -> None:
    """Send what Prefect's client still holds back, before the server that is to have it ends."""
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=5, at_exit=False)
