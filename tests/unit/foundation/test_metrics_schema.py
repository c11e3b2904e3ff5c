import pytest
from pydantic import ValidationError

from foundation.json_content import first_problem
from foundation.metrics_schema import Metrics, Scores, headline, parse_metrics
from tests.support.scores import FINDINGS, OLD, scores_content


def scores(**changes):
    return Scores.model_validate(scores_content() | changes)


def test_scores_are_written_as_they_were_read():
    content = scores_content() | FINDINGS
    assert Scores.model_validate(content).to_json() == content


def test_a_field_of_a_later_version_is_kept():
    assert scores(by_series={"a": 1}).to_json()["by_series"] == {"a": 1}
    assert parse_metrics({"mape": 3.5}).to_json() == {"mape": 3.5}


def test_a_score_that_is_not_finite_is_undefined():
    skill = {"overall": float("nan"), "by_target": {"oil": float("-inf")}}
    found = scores(skill=skill).skill
    assert (found.overall, found.by_target) == (None, {"oil": None})


def test_the_model_stands_before_the_baselines():
    assert scores().forecasters == ["model", "repeat_last", "ridge"]


def test_errors_are_those_of_a_target_or_standardised_those_of_all():
    assert scores().errors("raw", "rmse", "oil") == {
        "model": 1.0, "repeat_last": 2.0, "ridge": 3.0,
    }  # fmt: skip
    assert scores().errors("raw", "rmse", None) == {
        "model": 0.1, "repeat_last": 0.2, "ridge": pytest.approx(0.3),
    }  # fmt: skip
    assert scores().errors("raw", "mae", "oil")["model"] is None


def test_a_reader_is_told_the_verdict_the_leak_the_gaps_the_epoch_and_a_missing_season():
    assert scores().sentences == ["It wins.", "Leak: 25%."]
    assert scores(**FINDINGS).sentences == [
        "It wins.", "Leak: 25%.", "10% were filled.", "The weights of epoch 7 were kept.",
        "No season is known.",
    ]  # fmt: skip
    whole = FINDINGS | {
        "gaps": {"filled_share": 0.0, "left_out": 0, "sentence": None},
        "season": {"rows": 24, "sentence": "A season is 24 rows."},
    }
    assert scores(**whole).sentences == [
        "It wins.", "Leak: 25%.", "The weights of epoch 7 were kept.",
    ]  # fmt: skip


def test_the_headline_is_the_standardised_errors_and_the_counts():
    assert headline(scores(**FINDINGS)).to_json() == {
        "best_baseline_mse": 4.0, "epoch_kept": 7, "epochs": 9, "filled_share": 0.1,
        "leaked_share": 0.25, "mae": 0.5, "mse": 1.0, "skill": None,
        "windows": {"train": 8, "test": 2},
    }  # fmt: skip


def test_scores_of_a_commit_from_before_are_read_with_the_names_of_today():
    assert Scores.model_validate(OLD) == scores()
    assert parse_metrics(OLD) == headline(scores())
    assert parse_metrics(OLD).to_json() == {
        "best_baseline_mse": 4.0, "leaked_share": 0.25, "mae": 0.5, "mse": 1.0, "skill": None,
        "windows": {"train": 8, "test": 2},
    }  # fmt: skip


def test_metrics_hold_what_was_told_and_nothing_else():
    assert parse_metrics({"mse": 0.25, "skill": None}).to_json() == {"mse": 0.25, "skill": None}
    assert parse_metrics({}) == Metrics()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"verdict": 3}, "verdict: input should be a valid string, found 3"),
        ({"scores": {}}, "the whole: there are no scores of 'model'"),
        ({"best_baseline": {"overall": "drift"}}, "the whole: there are no scores of 'drift'"),
        (
            {"targets": ["oil", "gas"]},
            "the whole: a score or the skill of the target 'gas' is missing",
        ),
        (
            {"leak": {"share": "much", "sentence": "Leak."}},
            "leak.share: input should be a valid number, unable to parse string as a number, "
            "found 'much'",
        ),
    ],
)
def test_what_does_not_hold_the_scores_of_a_run_is_refused_by_name(changes, problem):
    with pytest.raises(ValidationError) as refused:
        scores(**changes)
    assert first_problem(refused.value) == problem


def test_a_missing_field_is_named():
    with pytest.raises(ValidationError) as refused:
        Scores.model_validate({})
    assert first_problem(refused.value) == "targets: field required"
