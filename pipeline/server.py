"""The Prefect server that a run reports to: the one that is configured, or one started for it."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from forecasting.errors import SetupError
from pipeline.reproduce import running

START = 120.0  # seconds a server may take to answer for the first time
HEARTBEAT = 30  # seconds between the signs of life of a run; Prefect allows no fewer
RETRIES = 3  # of a request, in about 7 s; Prefect's 5 make minutes of a run whose server is gone
LOOPBACK = "127.0.0.1"
LOG = Path(".dvc/tmp/exactcast/server.log")
PRIVATE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # else, after a restart, slots stay taken by leases that nobody remembers
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}


def configured_server() -> str | None:
    """Tell which server Prefect's settings name, if any."""
    url: str | None = PREFECT_API_URL.value()
    return url


def answers(url: str) -> bool:
    """Tell whether a server answers at a URL."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=5.0).is_success
    except httpx.HTTPError:
        return False


def check_answers(url: str) -> None:
    """Refuse to start a run that nobody would see.

    Raises:
        SetupError: No server answers.
    """
    if not answers(url):
        raise SetupError(
            f"No Prefect server answers at {url}, which PREFECT_API_URL or the Prefect profile names. "
            "Start it (exactcast serve), name another, or run with --offline, unwatched."
        )


@contextmanager
def started_server(root: Path, *, port: int | None = None, page: bool = False) -> Iterator[str]:
    """Start a Prefect server on loopback, with the database of Prefect's home, until the block ends.

    It cannot outlive this process, however this process ends.

    Args:
        root: The project's root.
        port: Where it listens; else any free port.
        page: With the user interface.

    Yields:
        The URL of its API.

    Raises:
        SetupError: It did not start.
    """
    chosen = port or free_port()
    url = f"http://{LOOPBACK}:{chosen}/api"
    log_file = root / LOG
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with (
        log_file.open("w+b") as log,
        running(_command(chosen, page=page), root, environment=PRIVATE, output=log) as process,
    ):
        deadline = time.monotonic() + START
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                last = (log.read().decode(errors="replace").strip().splitlines() or ["nothing"])[-1]
                raise SetupError(
                    f"Prefect's server did not start on {LOOPBACK}:{chosen}; its last words: {last} "
                    f"All of them are in {LOG}. exactcast doctor looks for the cause; --offline runs "
                    "without a server."
                )
            time.sleep(0.1)
        yield url


def _command(port: int, *, page: bool) -> list[str]:
    address = ["--host", LOOPBACK, "--port", str(port)]
    if page:
        return [sys.executable, "-m", "prefect", "server", "start", *address]
    return [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app",
            "--log-level", "error", *address]  # fmt: skip


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def reporting(root: Path) -> Iterator[str]:
    """Let flow runs in this process report to the configured server, or to a temporary one.

    Raises:
        SetupError: The configured server does not answer, or none can be started.
    """
    url = configured_server()
    if url is not None:
        check_answers(url)
        yield url
        return
    with started_server(root) as url, temporary_settings({PREFECT_API_URL: url}):
        try:
            yield url
        finally:
            _send_the_rest()


def _send_the_rest() -> None:
    """Send what Prefect's client still holds back, before the server that is to have it ends."""
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=5, at_exit=False)
