"""`exactcast serve`: a Prefect server where there is none, the deployments, and the schedule."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import typer

from foundation.errors import ServerSilentError, SetupError
from foundation.processes import running
from pipeline.orchestration.prefect_setup import HERE
from pipeline.orchestration.schedule import check_timezone, described
from pipeline.orchestration.server import (
    HEARTBEAT,
    check_answers,
    configured_server,
    free_port,
    is_free,
    started_server,
)
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import child_environment

PORT = 4200  # Prefect's own


def serve(
    workspace: Checkout,
    *,
    cron: str | None,
    forecast_cron: str | None,
    verify_cron: str | None,
    timezone: str,
    request: Mapping[str, object],
    forecast_request: Mapping[str, object],
) -> None:
    """Serve until stopped; end everything that was started.

    Args:
        workspace: The user's checkout.
        cron: When to train; without it only when asked to.
        forecast_cron: When to forecast the newest rows; without it only when asked to.
        verify_cron: When to verify the newest run; without it only when asked to.
        timezone: In which the fields are read.
        request: What a scheduled run is asked to do, as in `request_form.Request`.
        forecast_request: What a scheduled forecast is asked to do, as in `request_form.ForecastForm`.

    Raises:
        PipelineError: A schedule is not valid, there is no server, or serving ended by itself.
    """
    check_timezone(timezone)
    when = [
        described("--cron", "trains", cron, timezone),
        described("--forecast-cron", "forecasts", forecast_cron, timezone),
        described("--verify-cron", "verifies", verify_cron, timezone),
    ]
    typer.echo("\n".join(when))
    settings = json.dumps(
        {
            "cron": cron,
            "forecast_cron": forecast_cron,
            "verify_cron": verify_cron,
            "timezone": timezone,
            "request": dict(request),
            "forecast_request": dict(forecast_request),
        }
    )
    with served_by(workspace) as url:
        exit_code = _serve_deployments(workspace, url, settings)
    raise SetupError(
        f"Serving ended by itself, with exit code {exit_code}; the reason is in its output "
        "above. Correct it, then serve again."
    )


def _serve_deployments(workspace: Checkout, url: str, settings: str) -> int:
    """Run the process that serves, until it ends; return its exit code."""
    environment = child_environment() | {
        "PREFECT_API_URL": url,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT),
    }
    command = [sys.executable, "-m", "pipeline.orchestration.deployments", settings]
    with running(command, folder=workspace.root, environment=environment, output=None) as runner:
        typer.echo(f"watch it at {page_of(url)}; Ctrl-C ends it")
        while (exit_code := runner.poll()) is None:
            time.sleep(0.2)
    return exit_code


@contextmanager
def served_by(workspace: Checkout) -> Iterator[str]:
    """Find a Prefect server, or start one on loopback until the block ends.

    Raises:
        SetupError: The one that is configured refuses us, or is on another machine and silent.
    """
    url = configured_server()
    place = urlsplit(url or "")
    if url is not None:
        try:
            check_answers(url)
        except ServerSilentError:
            if place.hostname not in HERE:
                raise SetupError(
                    f"No Prefect server answers at {url}, which PREFECT_API_URL or the Prefect profile "
                    "names, and one on another machine cannot be started from here. Start it there, "
                    "or unset PREFECT_API_URL."
                ) from None
        else:
            yield url
            return
    port = place.port or (PORT if is_free(PORT) else free_port())
    typer.echo("starting a Prefect server")
    with started_server(workspace, port=port, page=True) as started:
        yield started


def page_of(url: str) -> str:
    """Return the address of the user interface that belongs to an API."""
    return url.removesuffix("/api")
