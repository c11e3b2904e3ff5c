"""What a person sees while a run is in progress, and of what came of it."""

import os
import pty
import sys
import termios
from contextlib import suppress

import pytest

from pipeline.cli.display.show import findings_text, progress, status_text
from pipeline.doctor import Finding
from pipeline.runs.comparison_text import comparison_text
from pipeline.runs.stage import RAN, RESTORED, UP_TO_DATE, Event
from pipeline.versioning.lockfile import Comparison
from pipeline.versioning.status import StageStatus

SAME = Comparison([], [], 11)


def states(*how: str) -> dict[str, str]:
    return {f"stage {number}": state for number, state in enumerate(how)}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (
            [RAN, RAN],
            "identical: all 11 outputs equal the committed dvc.lock, byte for byte "
            "(2 of 2 stages ran)",
        ),
        (
            [UP_TO_DATE, UP_TO_DATE],
            "up to date: outputs match dvc.lock; nothing ran (exactcast verify re-runs every stage)",
        ),
        (
            [UP_TO_DATE, RESTORED, RAN],
            "up to date: outputs match dvc.lock; 1 of 3 stages ran, 1 restored from DVC's run "
            "cache, 1 up to date (exactcast verify re-runs every stage)",
        ),
        (
            [RESTORED],
            "up to date: outputs match dvc.lock; 0 of 1 stages ran, 1 restored from DVC's run cache "
            "(exactcast verify re-runs every stage)",
        ),
    ],
)
def test_only_a_run_in_which_every_stage_ran_is_called_identical(how, text):
    assert comparison_text(SAME, states(*how), recorded=True) == text


def test_what_differs_and_what_cannot_be_compared_is_told_with_what_ran():
    assert comparison_text(
        Comparison(["seed"], [], 11), states(RAN, UP_TO_DATE), recorded=True
    ) == ("new inputs, nothing to compare with (seed; 1 of 2 stages ran, 1 up to date)")
    assert comparison_text(Comparison([], ["model"], 11), states(RAN), recorded=True) == (
        "DIFFERENT: 1 of 11 outputs differ from the committed dvc.lock although the inputs are the "
        "same: model (1 of 1 stages ran)"
    )


def test_reasons_and_findings_stay_in_their_column_on_a_narrow_terminal():
    statuses = [
        StageStatus("train", True, ["train.epochs 100 -> 20", "seed 1 -> 2"]),
        StageStatus("evaluate", False, []),
    ]
    assert status_text(statuses, "Next: exactcast run.", 45).splitlines() == [
        "train     out of date  train.epochs 100 ->",
        "                       20, seed 1 -> 2",
        "evaluate  up to date",
        "Next: exactcast run.",
    ]
    findings = [Finding("git", True, "1b62d90, clean"), Finding("dvc cache", False, "is full")]
    assert findings_text(findings, 30).splitlines() == [
        "ok    git        1b62d90,",
        "                 clean",
        "FIX   dvc cache  is full",
    ]


def screen(events: list[Event], columns: int, monkeypatch) -> list[str]:
    """What a terminal of so many columns is sent, line by line."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    monkeypatch.setenv("COLUMNS", str(columns))
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", terminal)
        with progress(quiet=False) as show:
            for event in events:
                show(event)
    sent = b""
    with suppress(OSError):  # how Linux says that nothing more comes
        while some := os.read(ours, 2**16):
            sent += some
    os.close(ours)
    return [line for line in sent.decode().replace("\r", "\n").split("\n") if line.strip()]


@pytest.mark.parametrize(("columns", "width"), [(80, 15), (120, 50)])
def test_the_progress_bar_has_room_beside_its_losses(columns, width, monkeypatch):
    losses = "loss=0.0123456 val_loss=0.000234567"
    lines = screen(
        [Event("train", line=f"epoch {epoch}/300 {losses}") for epoch in (150, 300)],
        columns, monkeypatch,
    )  # fmt: skip
    assert "300/300, " in lines[-1]
    assert lines[-1].endswith("loss=0.01235 val_loss=0.0002346")
    assert lines[-1].count("█") >= width
    assert max(map(len, lines)) <= columns


def test_lines_of_a_stage_break_at_spaces_on_a_terminal(monkeypatch):
    text = "ingest: data/raw/demo.csv, 600 rows x 5 features from 2024-01-01 00:00:00"
    assert screen([Event("ingest", line=text)], 40, monkeypatch) == [
        "ingest: data/raw/demo.csv, 600 rows x 5",
        "  features from 2024-01-01 00:00:00",
    ]


def test_what_is_being_done_before_a_stage_runs_stands_on_stderr(capsys):
    with progress(quiet=False) as show:
        show(Event(None, line="starting a temporary Prefect server"))
        show(Event("train", state=RAN))
    printed = capsys.readouterr()
    assert printed.err == "starting a temporary Prefect server\n"
    assert printed.out == "train: runs\n"
    with progress(quiet=True) as show:
        show(Event(None, line="starting a temporary Prefect server"))
    assert capsys.readouterr() == ("", "")
