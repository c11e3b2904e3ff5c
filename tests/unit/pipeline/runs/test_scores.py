"""What evaluate wrote, read again, also of commits from before there was scores.json."""

import json
from pathlib import Path

import pytest

from foundation.errors import SetupError
from foundation.metrics_schema import Scores
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.record import summary
from pipeline.runs.scores import read_metrics, read_scores
from pipeline.versioning.graph import Graph, Stage
from tests.support.scores import OLD, scores_content


def graph(*outs: str) -> Graph:
    return Graph({"evaluate": Stage("evaluate", (), outs, ())})


def reports(folder: Path, **content: object) -> RunCheckout:
    """A checkout whose stages made these files of reports/; a text is what a file holds."""
    (folder / "reports").mkdir()
    for name, each in content.items():
        text = each if isinstance(each, str) else json.dumps(each)
        (folder / f"reports/{name}.json").write_text(text)
    made = [f"reports/{name}.json" for name in ("scores", "metrics") if name in content]
    return RunCheckout(folder, at_start=graph(*made))


def test_scores_of_a_commit_from_before_are_read_from_its_metrics(tmp_path: Path):
    checkout = reports(tmp_path, metrics=OLD)
    (tmp_path / "reports/scores.json").write_text("left by a run of another branch")
    assert read_scores(checkout) == Scores.model_validate(scores_content())


@pytest.mark.parametrize("content", ["", "[]", "{", {"targets": ["oil"]}])
def test_scores_that_are_not_those_of_a_run_are_refused_by_name(tmp_path: Path, content):
    with pytest.raises(SetupError, match=r"reports/scores.json is not what a run ends with: \w+: "):
        read_scores(reports(tmp_path, scores=content))


def test_a_metric_that_is_not_a_number_is_refused_by_name(tmp_path: Path):
    with pytest.raises(SetupError, match=r"reports/metrics.json .*: mse: .*, found 'low'. Correct"):
        read_metrics(reports(tmp_path, metrics={"mse": "low"}))


def test_stages_that_make_no_scores_are_refused(tmp_path: Path):
    with pytest.raises(SetupError, match=r"No stage of dvc.yaml makes reports/scores.json"):
        read_scores(RunCheckout(tmp_path, at_start=graph("model.keras")))


def test_a_record_keeps_what_it_kept_of_old_metrics_and_all_of_new_ones():
    assert summary(OLD) == {"skill": None, "mse": {"model": 1.0, "repeat_last": 4.0, "ridge": 9.0}}
    assert summary({"mse": 0.25, "windows": {"test": 2}}) == {"mse": 0.25, "windows": {"test": 2}}
