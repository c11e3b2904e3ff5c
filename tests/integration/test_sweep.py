"""`exactcast sweep`: trials without the test part, one winner with it, files, and the same command again."""

import csv
import json
from typing import Any

import pytest

from tests.support.project import error_of
from tests.support.quick import Quick
from tests.support.scored_part import with_scored_part

SWEEP = (
    "sweep", "--name", "first", "--config", "configs/chronological.yaml",
    "-S", "train.epochs=10,5,13", "--cluster", "local:1",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(quick_with_a_run: Quick, tmp_path_factory: pytest.TempPathFactory) -> Quick:
    return with_scored_part(quick_with_a_run, tmp_path_factory.mktemp("sweep") / "a copy")


@pytest.fixture(scope="module")
def said(project: Quick) -> str:
    return project.exactcast(*SWEEP, "--check", "30%")


def kept(project: Quick) -> dict[str, dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.exactcast("runs", "--json"))
    return {run["name"]: run for run in found}


def trials(project: Quick) -> list[dict[str, str]]:
    with (project.root / "studies/first/trials.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_sweep_ends_in_a_table_the_best_trial_and_the_command_that_takes_it_over(said, project):
    lines = [line.split() for line in said.splitlines()]
    assert ["trial", "epochs", "validation", "mse", "seconds", "state"] in lines
    best = next(line for line in lines if line[-1:] == ["(best)"] or "(best)," in line)
    assert best[:3] == ["2", "5", "17"]
    assert "Trial 3: Stage 'train' failed. Thirteen epochs bring bad luck." in said
    assert "Best by validation: trial 2. On the test its error is 17, skill 0.5" in said
    winner = said.rpartition("dvc exp apply ")[2].split()[0]
    assert kept(project)[winner]["metrics"].get("part") is None


def test_only_the_winner_meets_the_test_and_a_second_run_of_a_trial_made_the_same_bytes(
    said, project
):
    runs = kept(project)
    names = [trial["run"] for trial in trials(project)]
    assert [runs[name]["metrics"]["part"] for name in names if name] == ["validation"] * 2
    scored = [
        run for run in runs.values() if run["parent"] == project.git("rev-parse", "HEAD").strip()
    ]
    assert len([run for run in scored if run["metrics"].get("part") is None]) == 1
    assert said.count("checked: same bytes") == 1
    assert "scored on validation" in project.exactcast("runs")


def test_the_number_of_looks_at_the_test_is_shown_with_the_runs_that_looked(said, project):
    winner = said.rpartition("dvc exp apply ")[2].split()[0]
    assert "scored by 1 kept run, this one included" in said
    assert json.loads(project.exactcast("show", winner, "--json"))["looks"] == 1
    assert "test     scored by 1 kept run" in project.exactcast("show", winner)
    trial = trials(project)[0]["run"]
    assert json.loads(project.exactcast("show", trial, "--json"))["looks"] is None


def test_the_files_of_a_sweep_say_what_was_tried_and_what_came_of_it(said, project):
    rows = trials(project)
    assert [row["train.epochs"] for row in rows] == ["10", "5", "13"]
    assert [row["finished"] for row in rows] == ["yes", "yes", "no"]
    assert [row["mse"] for row in rows] == ["18", "17", ""]
    assert "evaluate.test" not in rows[0]
    plan = project.read("studies/first/plan.yaml").decode()
    assert 'trials:\n  - {"train.epochs": 10}\n' in plan


def test_the_same_command_and_its_plan_file_run_nothing_again_but_what_failed(said, project):
    before = project.read("studies/first/trials.csv")
    again = project.exactcast(*SWEEP)
    assert again.count("Restored") >= 5
    assert "train: ran" not in again.replace("[3] train: ran", "")
    assert project.read("studies/first/trials.csv") == before
    planned = project.exactcast(
        "sweep", "--plan", "studies/first/plan.yaml", "--name", "second", "--cluster", "local:1"
    )
    assert "[1] Restored" in planned and "[2] Restored" in planned
    assert project.read("studies/second/trials.csv") == before


def test_uncommitted_changes_are_said_to_be_left_out(said, project):
    raw = project.root / "raw"
    raw.write_text("another table")
    once = project.exactcast(
        "sweep", "-S", "split.method=chronological", "-S", "train.epochs=5", "--cluster", "local:1"
    )
    raw.write_text("table")
    assert once.startswith("note: your uncommitted changes are not in these runs")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["-S", "train.epochs=1,2"],
            "A sweep chooses by the validation part, and split.method: random",
        ),
        ([], "A sweep needs values to try"),
        (["-S", "train.epochs=1,2", "--plan", "x.yaml"], "leave out -S and --sobol"),
        (["-S", "train.epochs=1,2", "--check", "200%"], "should be a share of the runs"),
        (["-S", "split.method=chronological", "-S", "train.epochs=0"], "Trial 1"),
        (["-S", "split.method=chronological", "--cluster", "local:0"], "--cluster local:0 is not"),
        (["-S", "split.method=chronological", "--name", "../x"], "cannot be the name of a folder"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_sentence_before_anything_runs(
    project, arguments, sentence
):
    before = project.git("for-each-ref", "refs/exps")
    done = project.attempt("python", "-m", "pipeline", "sweep", *arguments)
    assert done.returncode == 1
    assert sentence in error_of(done)
    assert project.git("for-each-ref", "refs/exps") == before
