"""The command line: each command says what it does, calls it, and prints the result."""

import errno
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foundation.errors import PipelineError
from pipeline.cli.display.formats import Format
from pipeline.cli.display.layout import announce, screen_width

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Forecast time series with runs that can be reproduced to the byte.",
)

CANNOT_WRITE = (
    errno.EACCES, errno.EDQUOT, errno.EISDIR, errno.ENOSPC, errno.EPERM, errno.EROFS,
)  # fmt: skip

STOPPED = 130  # what a shell calls the end by Ctrl-C, and Typer, too

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Config = Annotated[
    list[Path] | None,
    typer.Option("--config", metavar="FILE", help="A file of overrides to apply; may be repeated."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-S", metavar="KEY=VALUE", help="Change a parameter: text as typed, else YAML."
    ),
]
WithoutPrefect = Annotated[bool, typer.Option("--no-prefect", help="Run without Prefect.")]
StudyRevision = Annotated[
    str, typer.Option("--rev", metavar="REV", help="What the runs start from.")
]
StudyName = Annotated[str | None, typer.Option("--name", help="Name of the folder in studies/.")]
Cluster = Annotated[
    str,
    typer.Option("--cluster", metavar="local:N", help="N runs at a time, each in a process."),
]
Check = Annotated[
    str | None,
    typer.Option("--check", metavar="5%", help="Run so many again without caches, compare bytes."),
]


class Overlapping(StrEnum):
    """What a scheduled run does while the one before is in progress."""

    skip = "skip"
    wait = "wait"
    allow = "allow"


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"exactcast {version('exactcast')}")
        raise typer.Exit


@app.callback()
def exactcast(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Forecast time series with runs that can be reproduced to the byte."""
    from pipeline.orchestration.prefect_setup import spare_loopback

    spare_loopback()


@app.command()
def run(
    config: Config = None,
    overrides: Overrides = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Run in a worktree; leave the workspace alone.")
    ] = False,
    revision: Annotated[
        str, typer.Option("--rev", metavar="REV", help="What an isolated run starts from.")
    ] = "HEAD",
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the experiment that keeps the run.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch imported raw data first (dvc update).")
    ] = False,
    push: Annotated[
        bool, typer.Option("--push", help="Send data, models and the experiment to the remotes.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Wait for another run in this workspace, or refuse."),
    ] = True,
    without_prefect: WithoutPrefect = False,
    offline: Annotated[bool, typer.Option("--offline", hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Bring every stage up to date, and say whether the committed run was reproduced."""
    if not as_json:
        announce(f"starting an isolated run of {revision}" if isolated else "starting a run")
    from pipeline.cli.terminal import run_and_show
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.config_files import read_config
    from pipeline.runs.request import RunRequest

    if revision != "HEAD" and not isolated:
        raise typer.BadParameter("--rev needs --isolated: a run here is of the workspace as it is.")
    workspace = this_workspace()
    request = RunRequest(
        config=tuple(read_config(path, root=workspace.root) for path in config or ()),
        overrides=tuple(overrides or ()),
        isolated=isolated,
        revision=revision,
        refresh=refresh,
        push=push,
        wait=wait,
        name=name,
    )
    if offline:
        announce("note: --offline is called --no-prefect now")
    run_and_show(workspace, request, without_prefect=without_prefect or offline, as_json=as_json)


@app.command()
def sweep(
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-S",
            metavar="KEY=A,B,C",
            help="The values of a parameter to try, or LOW..HIGH, log:LOW..HIGH.",
        ),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="A plan file instead of -S.")
    ] = None,
    drawn: Annotated[
        int | None,
        typer.Option("--sobol", metavar="N", min=1, help="Draw N trials; else every combination."),
    ] = None,
    config: Config = None,
    revision: StudyRevision = "HEAD",
    name: StudyName = None,
    cluster: Cluster = "local:2",
    check: Check = None,
    without_prefect: WithoutPrefect = False,
    as_json: Json = False,
) -> None:
    """Try values of parameters, choose by validation, score the best once on the test; continues if repeated."""
    from pipeline.cli.sweep import sweep_and_print
    from pipeline.runs.checkout import this_workspace
    from pipeline.studies.sweep import sweep_request

    workspace = this_workspace()
    request = sweep_request(
        workspace,
        overrides or (),
        plan=plan,
        n_drawn=drawn,
        config=config or (),
        folder=Path(),
        revision=revision,
        name=name,
        cluster=cluster,
        check=check,
    )
    raise SystemExit(
        sweep_and_print(workspace, request, without_prefect=without_prefect, as_json=as_json)
    )


@app.command()
def backtest(
    n_windows: Annotated[
        int,
        typer.Option("--n-windows", min=1, metavar="N", help="From how many cutoffs to forecast."),
    ] = 5,
    step_size: Annotated[
        int, typer.Option("--step-size", min=1, metavar="N", help="Steps from one to the next.")
    ] = 1,
    refit: Annotated[
        str,
        typer.Option("--refit", metavar="N|never", help="Train again after so many cutoffs."),
    ] = "1",
    sliding: Annotated[
        bool,
        typer.Option(
            "--sliding/--expanding", help="Learn from as many rows each time, or from all before."
        ),
    ] = False,
    config: Config = None,
    overrides: Overrides = None,
    revision: StudyRevision = "HEAD",
    name: StudyName = None,
    cluster: Cluster = "local:2",
    check: Check = None,
    without_prefect: WithoutPrefect = False,
    as_json: Json = False,
) -> None:
    """Forecast from many origins of the past, each by a model that knew nothing later; score beside baselines."""
    from pipeline.cli.backtest import backtest_and_print
    from pipeline.runs.checkout import this_workspace
    from pipeline.studies.backtest import backtest_request

    workspace = this_workspace()
    request = backtest_request(
        workspace,
        n_windows=n_windows,
        step_size=step_size,
        refit=refit,
        sliding=sliding,
        overrides=overrides or (),
        config=config or (),
        folder=Path(),
        revision=revision,
        name=name,
        cluster=cluster,
        check=check,
    )
    raise SystemExit(
        backtest_and_print(workspace, request, without_prefect=without_prefect, as_json=as_json)
    )


@app.command()
def runs(as_json: Json = False) -> None:
    """List the runs that are kept: when, what each changed, how good it is; not those that only forecast."""
    from dataclasses import asdict

    from pipeline.cli.display.runs import runs_text
    from pipeline.cli.display.show import print_json
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.history import kept_runs

    kept = kept_runs(this_workspace())
    if as_json:
        print_json([asdict(run) for run in kept])
    else:
        typer.echo(runs_text(kept, screen_width()))


@app.command()
def show(
    run: Annotated[
        str | None, typer.Argument(help="A run, or a commit or branch; else the newest run.")
    ] = None,
    other: Annotated[str | None, typer.Argument(help="Another one, to compare with.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a run was made from and what came of it, or how a second one differs from it."""
    from pipeline.cli.display.runs import print_runs
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.history import newest_run

    workspace = this_workspace()
    print_runs(workspace, run or newest_run(workspace), other, as_json=as_json)


@app.command()
def verify(
    revision: Annotated[
        str, typer.Argument(metavar="RUN|REV", help="A run, or a commit or branch.")
    ] = "HEAD",
    as_json: Json = False,
) -> None:
    """Re-run every stage of a commit without any cache and compare every byte."""
    if not as_json:
        announce(f"checking {revision} out, with an empty cache")
    from pipeline.cli.display.runs import verify_and_print
    from pipeline.runs.checkout import this_workspace

    raise SystemExit(verify_and_print(this_workspace(), revision, as_json=as_json))


@app.command()
def status(as_json: Json = False) -> None:
    """Show what is out of date and why, and what to do next."""
    if not as_json:
        announce("checking what is out of date")
    from dataclasses import asdict

    from pipeline.cli.display.show import print_json, status_text
    from pipeline.runs.backup import settle
    from pipeline.runs.checkout import this_workspace
    from pipeline.versioning.status import next_step, stage_statuses

    workspace = this_workspace()
    settle(workspace)
    statuses = stage_statuses(workspace)
    if as_json:
        print_json([asdict(status) for status in statuses])
    else:
        typer.echo(status_text(statuses, next_step(workspace, statuses), screen_width()))


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(metavar="TABLE", help="A CSV, Parquet or Excel file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-S", metavar="KEY=VALUE", help="A parameter of ingest that you know."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write what the table needs into params.yaml.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what a table seems to be, and which parameters read it; never change data."""
    if not as_json:
        announce(f"reading {path}")
    from pipeline.cli.display.inspection import print_inspection
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.inspection import inspect_table, write_settings

    workspace = this_workspace()
    inspection = inspect_table(workspace, path, overrides or ())
    print_inspection(inspection, as_json=as_json)
    if write:
        write_settings(workspace, inspection)
        if not as_json:
            announce("params.yaml is written; comments and all other parameters are as before")
    elif inspection.error is not None:
        raise SystemExit(1)


@app.command()
def forecast(
    table: Annotated[
        Path | None,
        typer.Option(
            "--input", metavar="TABLE", help="A raw table with newer rows; the run is kept."
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", help="A run, commit or branch whose model forecasts.")
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option("--series", metavar="ID", help="Only this series; may be repeated."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--h", metavar="N", min=1, max=100_000, help="How many steps.")
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option("--level", metavar="80,90", help="Only these intervals, in per cent."),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Forecast as of TIME: read no later row."),
    ] = None,
    how: Annotated[
        Format | None, typer.Option("--format", help="By default text, or as FILE is named.")
    ] = None,
    in_columns: Annotated[
        bool, typer.Option("--wide", help="A column for each target instead of a row.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write a file; else print.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what comes after the newest rows, with intervals; make it where no run has stored it."""
    from pipeline.cli.forecast import forecast_and_print
    from pipeline.runs.forecast_answer import Question

    forecast_and_print(
        Question(table=table, run=run, steps=steps, origin=origin),
        series=series or (),
        levels=levels,
        how=Format.json if as_json else how,
        in_columns=in_columns,
        output=output,
    )


@app.command()
def forecasts(as_json: Json = False) -> None:
    """List the forecasts that are kept, with the errors since realised."""
    if not as_json:
        announce("comparing the kept forecasts with what happened since")
    from dataclasses import asdict

    from pipeline.cli.display.forecasts import forecasts_text
    from pipeline.cli.display.show import print_json
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.forecasts import kept_forecasts

    kept, unread = kept_forecasts(this_workspace())
    for sentence in unread:
        announce(f"warning: {sentence} What it knows is left out.")
    if as_json:
        print_json([asdict(each) for each in kept])
    else:
        typer.echo(forecasts_text(kept, screen_width()))


@app.command()
def serve(
    cron: Annotated[
        str | None,
        typer.Option("--cron", metavar="FIELDS", help='When to train: "0 6 * * *" or @daily.'),
    ] = None,
    forecast_cron: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS", help="When to forecast the newest rows, by the newest model."
        ),
    ] = None,
    verify_cron: Annotated[
        str, typer.Option(metavar="FIELDS", help="When to verify the newest run; '' for never.")
    ] = "0 3 * * 0",
    timezone: Annotated[
        str, typer.Option("--timezone", help="Time zone of the schedules, such as Europe/Lisbon.")
    ] = "UTC",
    overlap: Annotated[
        Overlapping,
        typer.Option("--overlap", help="What a run does while another one is in progress."),
    ] = Overlapping.skip,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Each run first fetches imported raw data again.")
    ] = False,
    push: Annotated[
        bool, typer.Option("--push", help="Each run sends what it made to the remotes.")
    ] = False,
    config: Config = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, help="Keep the newest N unnamed runs; else all."),
    ] = None,
    keep_forecasts: Annotated[
        int, typer.Option("--keep-forecasts", min=1, help="Keep the newest N scheduled forecasts.")
    ] = 100,
) -> None:
    """Train and forecast on a schedule, watched in the Prefect UI; starts a server where there is none."""
    import os

    os.environ.setdefault("DO_NOT_TRACK", "1")
    from pipeline.orchestration.prefect_setup import load_settings

    load_settings()
    from pipeline.orchestration.serve import serve as serve_until_stopped
    from pipeline.runs.checkout import this_workspace
    from pipeline.runs.config_files import read_config

    workspace = this_workspace()
    for path in config or ():
        read_config(path, root=workspace.root)  # each run reads it again; a mistake is said now
    request = {
        "config": [str(path.resolve()) for path in config or ()],
        "overlap": overlap.value,
        "refresh": refresh,
        "push": push,
        "keep": keep,
    }
    serve_until_stopped(
        workspace,
        cron=cron,
        forecast_cron=forecast_cron,
        verify_cron=verify_cron or None,
        timezone=timezone,
        request=request,
        forecast_request={"refresh": refresh, "push": push, "keep": keep_forecasts},
    )


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check everything that a trustworthy run needs: one line each, ok or what to do."""
    if not as_json:
        announce("checking the set-up")
    from dataclasses import asdict

    from pipeline.cli.display.show import findings_text, print_json
    from pipeline.doctor import examine
    from pipeline.runs.checkout import this_workspace

    findings = examine(this_workspace())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        typer.echo(findings_text(findings, screen_width()))
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


def main() -> None:
    """Run a command; an error that the user can fix is one sentence, without a traceback."""
    try:
        app()
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    except OSError as failed:
        if failed.errno not in CANNOT_WRITE:
            raise
        typer.echo(
            f"error: {failed.filename} could not be written: {failed.strerror}. Free space or correct "
            "the permissions, then run again; what was there before is kept.",
            err=True,
        )
        raise SystemExit(1) from None
    except SystemExit as end:
        if end.code == STOPPED:  # Typer says nothing of it
            sys.stdout.flush()  # of a line that the request came into
            typer.echo("Stopped on request. What was finished is kept.", err=True)
        raise


if __name__ == "__main__":
    main()
