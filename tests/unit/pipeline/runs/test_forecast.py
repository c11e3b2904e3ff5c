import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from foundation.errors import DataError, ParamsError
from foundation.record_schema import ForecastOf, Record, parse_record
from pipeline.runs.forecast import find_model, forecast_name
from pipeline.runs.forecast_answer import Question, answer
from pipeline.runs.history import newest_run
from pipeline.runs.observer import NullObserver
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import experiments, keep, prune
from tests.support.project import ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Checkout:
    """A checkout with the parameters of this project, nothing run."""
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.name", "A User"],
        ["git", "config", "user.email", "user@example.org"],
        ["git", "add", "--all"],
        ["git", "commit", "-q", "-m", "start"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return Checkout(tmp_path)


def change(repository: Checkout, old: str, new: str) -> None:
    path = repository.root / "params.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def kept(repository: Checkout, name: str, *, forecast: bool = False) -> str:
    one = keep(
        repository, name=name, named=False, untracked=[], added={name: b"x"}, forecast=forecast
    )
    return one.commit


def test_a_forecast_is_named_by_when_it_is_made_in_utc():
    east = timezone(timedelta(hours=2))
    name = forecast_name(datetime(2026, 11, 25, 8, 5, tzinfo=east))
    assert re.fullmatch(r"forecast-2026-11-25-0605-[0-9a-f]{4}", name)
    assert forecast_name(datetime(2026, 11, 25, tzinfo=UTC)) != name


def test_a_forecast_is_no_newest_run_and_is_counted_apart(repository: Checkout):
    for name, forecast in (("a", False), ("b", False), ("f", True), ("g", True)):
        kept(repository, name, forecast=forecast)
    assert newest_run(repository) in ("a", "b")  # both of one second
    assert [each.name for each in prune(repository, most=1, forecasts=True)] == ["f"]
    assert len(prune(repository, most=1)) == 1
    assert [each.forecast for each in experiments(repository)].count(True) == 1


def test_the_model_of_a_forecast_is_that_of_the_run_below_which_it_is_kept(repository: Checkout):
    run = kept(repository, "run")
    subprocess.run(["git", "checkout", "-q", run], cwd=repository.root, check=True)
    kept(repository, "forecast", forecast=True)
    found = find_model(repository, "forecast")
    assert (found.name, found.commit) == ("run", run)
    assert find_model(repository, None).commit == run
    assert find_model(repository, "HEAD~1").name == find_model(repository, "HEAD~1").commit[:7]


def test_a_record_says_what_a_forecast_is_made_from():
    source = ForecastOf(table="data/newest/t.csv", input="abc", model="run")
    assert parse_record(Record(forecast=source).to_bytes()).forecast == source
    assert parse_record(Record(name="run").to_bytes()).forecast is None


def test_a_model_with_past_covariates_is_not_asked_for_more_than_it_makes(repository: Checkout):
    change(repository, "past_covariates: []", "past_covariates: [wind, rain]")
    with pytest.raises(DataError) as refused:
        answer(repository, Question(steps=2), NullObserver())
    assert str(refused.value) == (
        "--h 2: the model forecasts 1 steps (windowing.horizon), and no more, as it reads wind, rain "
        "(ingest.past_covariates), which are not known after that."
    )


def test_parameters_from_before_there_were_forecasts_are_refused(repository: Checkout):
    change(repository, "forecast:\n", "foretold:\n")
    with pytest.raises(ParamsError, match=r"has no forecast\.horizon"):
        answer(repository, Question(), NullObserver())
