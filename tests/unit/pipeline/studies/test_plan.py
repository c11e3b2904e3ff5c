import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from foundation.errors import ParamsError, SetupError
from pipeline.studies.plan import content_key, make_plan
from pipeline.studies.run_many import sample
from pipeline.versioning.checkout import Checkout
from tests.support.project import ROOT

BEFORE = {"seed": 42, "train.early_stopping": None, "model.layers.1.units": 50}


def key(after: dict[str, object], *, commit: str = "c", requirements: str = "r") -> str:
    return content_key(commit, BEFORE, after, requirements=requirements)


def test_a_key_depends_on_commit_changes_and_packages_and_on_nothing_else():
    same = dict(reversed(BEFORE.items()))
    assert key(BEFORE) == key(same)
    others = [
        key(BEFORE, commit="d"),
        key(BEFORE, requirements="s"),
        key(BEFORE | {"seed": 43}),
        key({name: value for name, value in BEFORE.items() if name != "model.layers.1.units"}),
        key(BEFORE | {"model.layers.1.units": None}),
    ]
    assert len({key(BEFORE), *others}) == 6


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in ("params.yaml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "start"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return Checkout(tmp_path)


def head(checkout: Checkout) -> str:
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        asked, cwd=checkout.root, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_plan_starts_from_the_commit_and_not_from_the_files_that_lie_there(checkout):
    params = checkout.root / "params.yaml"
    params.write_text(params.read_text().replace("epochs: 100", "epochs: 7"))
    (run,) = make_plan(checkout, head(checkout), [["train.epochs=7"]]).runs
    assert run.changes == {"train.epochs": 7}
    assert run.request.isolated and run.request.revision == head(checkout)


def test_runs_that_amount_to_the_same_are_planned_once_however_they_are_written(checkout):
    trials = [
        ["train.optimizer.learning_rate=1e-2"],
        ["train.optimizer.learning_rate=0.01", "seed=42"],
        ["seed=42"],
    ]
    plan = make_plan(checkout, head(checkout), trials)
    assert [run.number for run in plan.runs] == [1, 2]
    assert [run.changes for run in plan.runs] == [{"train.optimizer.learning_rate": 0.01}, {}]
    assert plan.varied == ["train.optimizer.learning_rate"]


def test_only_parameters_in_which_the_runs_differ_are_named(checkout):
    trials = [["seed=1", "train.epochs=5"], ["seed=2", "train.epochs=5"]]
    plan = make_plan(checkout, head(checkout), trials)
    assert plan.varied == ["seed"]
    assert [plan.values(run, ["seed", "train.epochs"]) for run in plan.runs] == [[1, 5], [2, 5]]
    assert make_plan(checkout, head(checkout), trials[:1]).varied == ["seed", "train.epochs"]


def test_the_same_plan_has_the_same_names(checkout):
    once, again = (
        [run.name for run in make_plan(checkout, head(checkout), [["seed=1"], ["seed=2"]]).runs]
        for _ in range(2)
    )
    assert once == again
    assert once[0].startswith("seed-1-") and len(set(once)) == 2


def test_a_wrong_value_is_found_before_anything_runs_and_the_trial_is_named(checkout):
    with pytest.raises(ParamsError, match=r"(?s)Trial 2 \(seed=x\): .*seed"):
        make_plan(checkout, head(checkout), [["seed=1"], ["seed=x"]])


def test_a_commit_without_locked_packages_is_refused(checkout):
    subprocess.run(["git", "rm", "-q", "requirements.lock"], cwd=checkout.root, check=True)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, "commit", "-qm", "none"], cwd=checkout.root, check=True)
    with pytest.raises(SetupError, match=r"has no requirements\.lock"):
        make_plan(checkout, head(checkout), [["seed=1"]])


def test_a_sample_of_runs_is_rounded_up_and_always_the_same(checkout):
    runs = make_plan(checkout, head(checkout), [[f"seed={n}"] for n in range(21)]).runs
    chosen = sample(runs, Fraction(5, 100))
    assert len(chosen) == 2
    assert chosen == sample(list(reversed(runs)), Fraction(5, 100))
    assert sample(runs, Fraction(0)) == [] and sample(runs, Fraction(1)) == list(runs)
