"""What evaluate wrote: read, laid out, and read of commits from before there was scores.json."""

import json
from pathlib import Path

import pytest

from foundation.errors import SetupError
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.record import summary
from pipeline.runs.scores import Scores, numbers, read_scores, score_rows
from pipeline.versioning.graph import Graph, Stage


def content(oil: float = 1.0, *, by: str = "by_target", names: str = "targets") -> dict:
    """The scores of a model whose RMSE on oil is given, beside baselines of 2 and 3."""
    errors = {"model": oil, "repeat_last": 2.0, "ridge": 3.0}
    return {
        names: ["oil"],
        "skill": {by: {"oil": 0.5}, "overall": None},
        "scores": {
            name: {
                "raw": {by: {"oil": {"rmse": rmse}}},
                "standardised": {"overall": {"mse": rmse**2, "mae": rmse / 2, "rmse": rmse / 10}},
            }
            for name, rmse in errors.items()
        },
        "best_baseline": {by: {"oil": "repeat_last"}, "overall": "repeat_last"},
        "windows": {"train": 8, "test": 2},
        "verdict": "It wins.",
        "leak": {"share": 0.25, "sentence": "Leak: 25%."},
    }


OLD = content(by="by_feature", names="features")
FINDINGS = {
    "gaps": {"filled_share": 0.1, "left_out": 3, "sentence": "10% were filled."},
    "epoch": {"kept": 7, "of": 9, "sentence": "The weights of epoch 7 were kept."},
    "season": {"rows": None, "sentence": "No season is known."},
}


def graph(*outs: str) -> Graph:
    return Graph({"evaluate": Stage("evaluate", (), outs, ())})


def test_scores_stand_beside_the_baselines_and_the_run_before():
    assert score_rows(Scores(content()), Scores(content(1.5))) == [
        {"RMSE": "oil", "model": "1", "run before": "1.5", "repeat last": "2", "ridge": "3",
         "skill (MSE)": "0.5"},
        {"RMSE": "all, standardised", "model": "0.1", "run before": "0.15", "repeat last": "0.2",
         "ridge": "0.3", "skill (MSE)": "undefined"},
    ]  # fmt: skip


def test_a_first_run_has_no_column_for_one_before_and_a_new_target_no_number_in_it():
    assert list(score_rows(Scores(content()))[0]) == [
        "RMSE", "model", "repeat last", "ridge", "skill (MSE)",
    ]  # fmt: skip
    other = Scores(content() | {"targets": ["gas"]})
    assert score_rows(Scores(content()), other)[0]["run before"] == "-"


def test_a_reader_is_told_the_verdict_the_leak_the_gaps_the_epoch_and_a_missing_season():
    assert Scores(content()).sentences == ["It wins.", "Leak: 25%."]
    assert Scores(content() | FINDINGS).sentences == [
        "It wins.", "Leak: 25%.", "10% were filled.", "The weights of epoch 7 were kept.",
        "No season is known.",
    ]  # fmt: skip
    whole = FINDINGS | {
        "gaps": {"filled_share": 0.0, "left_out": 0, "sentence": None},
        "season": {"rows": 24, "sentence": "A season is 24 rows."},
    }
    assert Scores(content() | whole).sentences == [
        "It wins.", "Leak: 25%.", "The weights of epoch 7 were kept.",
    ]  # fmt: skip


def test_scores_of_a_commit_from_before_are_read_from_its_metrics(tmp_path: Path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/metrics.json").write_text(json.dumps(OLD))
    (tmp_path / "reports/scores.json").write_text("left by a run of another branch")
    old = read_scores(RunCheckout(tmp_path, at_start=graph("reports/metrics.json")))
    assert score_rows(old) == score_rows(Scores(content()))
    assert old.sentences == ["It wins.", "Leak: 25%."]


def test_stages_that_make_no_scores_are_refused(tmp_path: Path):
    with pytest.raises(SetupError, match=r"No stage of dvc.yaml makes reports/scores.json"):
        read_scores(RunCheckout(tmp_path, at_start=graph("model.keras")))


def test_the_numbers_of_a_commit_from_before_have_the_names_of_today():
    assert numbers(OLD) == {
        "best_baseline_mse": 4.0, "leaked_share": 0.25, "mae": 0.5, "mse": 1.0,
        "windows": {"train": 8, "test": 2},
    }  # fmt: skip
    assert numbers({"mse": 0.25, "skill": None}) == {"mse": 0.25, "skill": None}
    assert numbers({}) == {}


def test_a_record_keeps_what_it_kept_of_old_metrics_and_all_of_new_ones():
    assert summary(OLD) == {"skill": None, "mse": {"model": 1.0, "repeat_last": 4.0, "ridge": 9.0}}
    assert summary({"mse": 0.25, "windows": {"test": 2}}) == {"mse": 0.25, "windows": {"test": 2}}
