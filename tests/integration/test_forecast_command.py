"""`exactcast forecast`: stored answers, answers that are made, and kept forecasts of newer rows."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import psutil
import pytest

from foundation.locks import hold
from pipeline.runs.workspace import LOCK_FILE
from tests.support.project import PROGRAMS, Project, error_of
from tests.support.quick import alive, command_of, until

TABLE = """\
oil
time              forecast"""


def answer(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask for a forecast; data and remarks apart."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "forecast", *arguments],
        cwd=project.root, env={"PATH": f"{PROGRAMS}:/usr/bin:/bin", "HOME": str(project.root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def newer_table(project: Project, n_rows: int, name: str = "newer.csv") -> Path:
    """Write the last rows of the demo table but the very last ones, as if they were newer."""
    lines = (project.root / "data/raw/demo.csv").read_text().splitlines(keepends=True)
    path = project.root.parent / name
    path.write_text("".join([lines[0], *lines[-n_rows - 10 : -10]]))
    return path


def test_the_stored_forecast_is_a_table_of_each_series_and_step(finished: Project):
    done = answer(finished, "--series", "oil")
    assert done.stdout.startswith(TABLE)
    assert len(done.stdout.splitlines()) == 2 + 24
    assert done.stderr.splitlines() == [
        "From step 2 on the forecasts are fed back: the model makes 1 at once (windowing.horizon).",
        "forecast  forecasts/forecast.csv",
    ]


def test_the_stored_forecast_as_csv_is_the_file(finished: Project):
    done = answer(finished, "--format", "csv")
    assert done.stdout.encode() == finished.read("forecasts/forecast.csv")


def test_a_stored_forecast_needs_no_numeric_library(finished: Project):
    code = (
        "import sys; from pipeline.cli.main import app\n"
        "app(['forecast', '--json'], standalone_mode=False)\n"
        "loaded = {'tensorflow', 'numpy', 'pandas', 'pyarrow', 'dvc', 'prefect'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    finished.call("python", "-c", code)


def test_a_stored_forecast_is_cut_to_what_is_asked_for(finished: Project):
    done = answer(finished, "--series", "oil", "--h", "3", "--level", "90", "--format", "csv")
    stored = [row for row in rows(finished.read("forecasts/forecast.csv").decode())]
    expected = [row for row in stored if row["unique_id"] == "oil"][:3]
    assert [row["exactcast-hi-90"] for row in rows(done.stdout)] == [
        row["exactcast-hi-90"] for row in expected
    ]
    assert "exactcast-lo-80" not in rows(done.stdout)[0]


def test_parquet_and_wide_files_hold_what_the_stored_one_holds(finished: Project, tmp_path: Path):
    stored = pd.read_parquet(finished.root / "forecasts/forecast.parquet")
    assert answer(finished, "--output", str(tmp_path / "f.parquet")).stdout == ""
    written = (tmp_path / "f.parquet").read_bytes()
    assert written == finished.read("forecasts/forecast.parquet")

    assert answer(finished, "--wide", "--output", str(tmp_path / "f.csv")).returncode == 0
    wide = pd.read_csv(tmp_path / "f.csv")
    assert wide.columns[0] == "ds" and len(wide) == 24
    oil = stored[stored["unique_id"] == "oil"].reset_index()
    assert wide["oil"].tolist() == oil["exactcast"].tolist()
    assert wide["oil-hi-80"].tolist() == oil["exactcast-hi-80"].tolist()


def test_more_steps_than_are_stored_are_made_and_nothing_else_changes(finished: Project):
    before = finished.git("status", "--porcelain")
    done = answer(finished, "--h", "26", "--series", "oil", "--format", "json")
    made = json.loads(done.stdout)
    stored = [r for r in json.loads(answer(finished, "--json").stdout) if r["unique_id"] == "oil"]
    assert made[:24] == stored
    assert made[25]["exactcast"] is not None and made[25]["exactcast-lo-80"] is None
    assert "After step 24 there are no intervals" in done.stderr
    assert "tensorflow" not in done.stderr.lower() and "cuda" not in done.stderr.lower()
    assert finished.git("status", "--porcelain") == before


def test_a_newer_table_is_forecast_once_and_kept_below_the_run_of_the_model(copied: Project):
    newer, model = newer_table(copied, 100), copied.read("models/final.keras")
    done = answer(copied, "--input", str(newer), "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert {row["ds"] for row in rows(done.stdout)} != {
        row["ds"] for row in rows(copied.read("forecasts/forecast.csv").decode())
    }
    assert "kept as forecast-" in done.stderr
    assert copied.git("status", "--porcelain") == ""
    assert copied.read("models/final.keras") == model

    (reference,) = [
        line for line in copied.git("for-each-ref", "refs/exps").splitlines() if "forecast-" in line
    ]
    name, commit = reference.rpartition("/")[2], reference.split()[0]
    record = json.loads(copied.git("show", f"{commit}:reports/record.json"))
    assert record["forecast"]["table"] == "data/newest/newer.csv"
    assert record["states"] == {"forecast": "ran"}

    renamed = newer.rename(newer.with_name("renamed.csv"))
    again = answer(copied, "--input", str(renamed), "--format", "csv")
    assert again.stdout == done.stdout
    assert f"nothing is made, see {name}." in again.stderr
    assert answer(copied, "--run", name, "--format", "csv").stdout == done.stdout

    raw = answer(copied, "--input", str(copied.root / "data/raw/demo.csv"), "--format", "csv")
    assert raw.stdout.encode() == copied.read("forecasts/forecast.csv")
    assert "nothing is made" in raw.stderr


def test_a_raw_table_that_has_grown_is_forecast_from_its_newest_rows(copied: Project):
    raw = copied.root / "data/raw/demo.csv"
    lines = raw.read_text().splitlines(keepends=True)
    raw.write_text("".join(lines[:-10]))
    done = answer(copied, "--series", "oil", "--format", "csv")
    assert rows(done.stdout)[0]["ds"] == lines[-10].split(",")[0]
    assert done.stderr.splitlines()[-3].startswith(
        "data/raw/demo.csv has changed since the model was"
    )
    more = answer(copied, "--series", "oil", "--format", "csv", "--h", "25")
    assert more.stdout.startswith(done.stdout)
    raw.write_text("".join(lines))
    assert answer(copied, "--format", "csv").stdout.encode() == copied.read(
        "forecasts/forecast.csv"
    )


def started(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a forecast; data and remarks apart."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "forecast", *arguments],
        cwd=project.root, env={"PATH": f"{PROGRAMS}:/usr/bin:/bin", "HOME": str(project.root)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kept_forecasts(project: Project) -> list[str]:
    references = project.git("for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
    return [name for name in references if "forecast-" in name]


def test_of_two_equal_forecasts_at_once_one_is_made_and_the_other_finds_it(copied: Project):
    newer = str(newer_table(copied, 80))
    both = [started(copied, "--input", newer, "--format", "csv") for _ in range(2)]
    (one, said_by_one), (other, said_by_other) = (each.communicate() for each in both)
    assert one == other != ""
    (name,) = kept_forecasts(copied)
    remarks = said_by_one + said_by_other
    assert f"kept as {name.rpartition('/')[2]}." in remarks
    assert f"nothing is made, see {name.rpartition('/')[2]}." in remarks


def test_while_a_run_is_in_progress_only_kept_runs_are_answered_from(copied: Project):
    with hold(copied.root / LOCK_FILE):
        done = answer(copied, "--series", "oil")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(
            "error: Another run is in progress in this workspace: process "
        )
        assert done.stderr.endswith("or name a kept run, whose results do not change: --run RUN\n")
        assert answer(copied, "--run", "HEAD", "--series", "oil").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "program"), [(["--input", "NEWER"], "stages.forecast"), (["--h", "30"], "stages.answer")]
)  # fmt: skip
def test_a_killed_forecast_leaves_no_process_and_changes_nothing(
    copied: Project, arguments, program
):
    newer, before = str(newer_table(copied, 90)), copied.read("forecasts/forecast.csv")
    arguments = [newer if each == "NEWER" else each for each in arguments]
    process = started(copied, *arguments)
    family = psutil.Process(process.pid)

    def commands() -> list[str]:
        return [command_of(child.pid) for child in family.children(recursive=True)]

    until(lambda: any(program in command for command in commands()), program)
    children = family.children(recursive=True)
    process.kill()
    process.communicate()
    until(lambda: not any(alive(child.pid) for child in children), "their end")
    assert copied.git("status", "--porcelain") == ""
    assert copied.read("forecasts/forecast.csv") == before
    assert kept_forecasts(copied) == []

    assert answer(copied, *arguments, "--format", "csv").returncode == 0
    assert list((copied.root / ".dvc/tmp/exactcast/worktrees").glob("*/")) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--series", "oli"], "error: --series oli: the forecast has no series of that name. The nearest name is 'oil'."),
        (["--level", "95"], "error: --level 95: no interval of 95 per cent was calibrated, but of 80, 90."),
        (["--run", "nobody"], "error: There is no revision 'nobody'"),
        (["--input", "nothing.csv"], "error: nothing.csv, the table to forecast from, cannot be read: No such file or directory."),
        (["--input", "dvc.yaml"], "error: dvc.yaml should be the path of a .csv, .parquet or .xlsx file."),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_a_sentence(finished, arguments, sentence):
    done = finished.attempt("python", "-m", "pipeline", "forecast", *arguments)
    assert done.returncode == 1
    assert error_of(done).startswith(sentence)


def test_without_a_stored_forecast_the_answer_says_how_to_get_one(project: Project):
    done = project.attempt("python", "-m", "pipeline", "forecast")
    assert error_of(done) == (
        "error: forecasts/forecast.csv is not there. Make it: exactcast run. Or fetch what the commit "
        "recorded: dvc pull\n"
    )
