"""`exactcast verify` confirms what can be reproduced, and finds every falsehood by name."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.versioning.cache import content_hash
from tests.support.project import Project, error_of
from tests.support.toy import OUTPUTS, run


def verify(project: Project, *arguments: str, code: int, **environment: str) -> dict[str, Any]:
    """Verify, check the exit code, and return the verdict; its text for an error."""
    done = project.attempt(
        "python", "-m", "pipeline", "verify", "--json", *arguments, **environment
    )
    assert done.returncode == code, done.stdout
    return {"error": done.stdout} if code == 3 else json.loads(done.stdout)


def verdicts(verdict: dict[str, Any]) -> dict[str, str]:
    return {output["path"]: output["verdict"] for output in verdict["outputs"]}


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"tmp", "__pycache__"} & set(path.relative_to(folder).parts)
    }


def cached(project: Project, path: str) -> Path:
    """Find the file of DVC's cache that holds an output or a raw table."""
    md5 = content_hash(project.root / path)
    return project.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


def tamper(path: Path, content: bytes) -> None:
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)  # DVC protects its cache against accidents
    path.write_bytes(content)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def change_record(project: Project, run: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Put another record into a kept run, as somebody would who wants it to say something else."""
    reference, commit = project.git(
        "for-each-ref", "--format=%(refname) %(objectname)", f"refs/exps/*/*/{run}"
    ).split()
    project.git("checkout", "--quiet", "--force", commit)
    record = project.root / "reports/record.json"
    content = json.loads(record.read_text())
    change(content)
    record.write_text(json.dumps(content))
    project.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    project.git("update-ref", reference, "HEAD")
    project.git("checkout", "--quiet", "--force", "main")


def test_a_commit_is_made_anew_and_nothing_of_the_user_is_touched(toy_copy: Project):
    (toy_copy.root / "params.yaml").write_text("the user is about to change this")
    before = everything(toy_copy.root)
    said = toy_copy.exactcast("verify")
    assert "made train" in said
    assert re.search(r"train +models/model.keras +(\w{10}) +\1 +identical", said)
    last = said.splitlines()[-1]
    head = toy_copy.git("rev-parse", "--short=7", "HEAD").strip()
    assert last.startswith(
        f"identical: all 5 outputs of HEAD ({head}) came out again, byte for byte"
    )
    after = everything(toy_copy.root)
    assert {k: v for k, v in after.items() if ".git/" not in k} == {
        k: v for k, v in before.items() if ".git/" not in k
    }
    assert len(toy_copy.git("worktree", "list").splitlines()) == 1


def test_a_run_is_verified_by_its_name_without_any_output_in_the_cache(toy_copy: Project):
    for path in (toy_copy.root / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file() and path != cached(toy_copy, "data/raw/mine.csv"):
            path.unlink()
    verdict = verify(toy_copy, "second", code=0)
    assert verdict["run"] == "second"
    assert verdicts(verdict) == dict.fromkeys(OUTPUTS, "identical")
    assert verdict["surroundings"]["any_packages"] is False
    assert not [p for p in (toy_copy.root / ".dvc/cache").rglob("*") if p.suffix == ".dir"]


def test_a_false_hash_in_dvc_lock_is_named(toy_copy: Project):
    true = content_hash(toy_copy.root / "models/model.keras")
    edit(toy_copy.root / "dvc.lock", true, "a" * 32)
    toy_copy.commit("tampered")
    verdict = verify(toy_copy, code=1)
    (model,) = [o for o in verdict["outputs"] if o["path"] == "models/model.keras"]
    assert (model["recorded"], model["reproduced"]) == ("a" * 32, true)
    assert (model["verdict"], model["detail"]) == ("different", "old values not available")
    assert "The first stage that differs is 'train'." in verdict["reasons"]


def test_a_false_record_is_named(toy_copy: Project):
    true = content_hash(toy_copy.root / "models/model.keras")

    def falsify(record: dict[str, Any]) -> None:
        record["lock"]["train"]["outs"][0]["md5"] = "1" * 32
        record["scores"]["mse"] = 0.001
        record["parameters"]["train"]["epochs"] = 5
        record["commit"] = "2" * 40

    parent = toy_copy.git("rev-parse", "HEAD^").strip()
    change_record(toy_copy, "first", falsify)
    verdict = verify(toy_copy, "first", code=1)
    assert set(verdicts(verdict).values()) == {"identical"}
    assert verdict["false"] == [
        f"The record says md5 {'1' * 32} of models/model.keras in stage train, dvc.lock says {true}, "
        f"{true} came out.",
        f"The record says commit {'2' * 40}, its commit has {parent}.",
        "The record says parameters.train.epochs 5, its commit has 100.",
        "The record says scores.mse 0.001, its commit has 0.43333333333333335.",
    ]


def test_a_record_that_tells_another_configuration_is_named(toy_copy: Project):
    (toy_copy.root / "mine.yaml").write_text("seed: 7\ntrain: {epochs: 5, batch_size: 8}\n")
    run(toy_copy, "--config", "mine.yaml", "-S", "train.batch_size=9", "--name", "mine-too")
    assert verify(toy_copy, "mine-too", code=0)["false"] == []

    def falsify(record: dict[str, Any]) -> None:
        record["config"][0]["overrides"] = ["seed=8", "train.epochs=5", "train.batch_size=10"]

    change_record(toy_copy, "mine-too", falsify)
    # batch_size was overridden after the file, by -S: what the file said of it did not count
    assert verify(toy_copy, "mine-too", code=1)["false"] == [
        "The record says that mine.yaml set seed to 8, its commit has 7."
    ]


def test_a_run_of_a_commit_without_scores_json_is_repeated_shown_and_verified(toy_copy: Project):
    for file, old, new in [
        ("dvc.yaml", ", reports/scores.json", ""),
        ("make.py", '{"targets"', '{"features"'),
        ("make.py", '"by_target": {"oil": {"rmse"', '"by_feature": {"oil": {"rmse"'),
        ("make.py", '"by_target": {"oil": 0.5', '"by_feature": {"oil": 0.5'),
        ("make.py", '    Path("reports/scores.json").write_text(json.dumps(scores))\n', ""),
        ("make.py", 'metrics = {"mse": weight / 100, "skill": 0.5}', "metrics = scores"),
    ]:
        edit(toy_copy.root / file, old, new)
    said = toy_copy.exactcast("run", "--no-prefect", "--name", "old")
    assert "oil                43.33  43.33          0.5" in said  # (1.5 + 2.5) / 3 + 42
    record = json.loads(toy_copy.exactcast("show", "old", "--json"))["record"]
    # as it was recorded before: a mean of errors over 100
    assert record["scores"] == {
        "skill": 0.5, "mse": {"model": 0.43333333333333335, "ridge": 0.43333333333333335},
    }  # fmt: skip
    assert "mse 0.4333, skill 0.5" in toy_copy.exactcast("show", "old")
    verdict = verify(toy_copy, "old", code=0)
    assert verdict["false"] == []


def test_a_model_in_the_cache_that_is_not_the_recorded_one_is_named(toy_copy: Project):
    file = cached(toy_copy, "models/model.keras")
    tamper(file, b"another model")
    verdict = verify(toy_copy, code=1)
    assert set(verdicts(verdict).values()) == {"identical"}
    (false,) = verdict["false"]
    assert false.startswith("models/model.keras: DVC's cache holds other bytes under ")
    assert str(file) in false
    assert file.read_bytes() == b"another model"


def test_raw_data_in_the_cache_that_are_not_the_recorded_ones_are_named(
    toy_copy: Project, tmp_path: Path
):
    toy_copy.dvc("remote", "add", "--quiet", "--default", "store", str(tmp_path / "store"))
    toy_copy.commit("a remote")
    toy_copy.dvc("push", "--quiet")
    tamper(cached(toy_copy, "data/raw/mine.csv"), b"date,oil\n2024-01-01,9\n")
    verdict = verify(toy_copy, code=1)
    assert set(verdicts(verdict).values()) == {"identical"}  # from the remote
    (false,) = verdict["false"]
    assert false.startswith("data/raw/mine.csv: DVC's cache holds other bytes under ")

    toy_copy.dvc("remote", "remove", "store")
    toy_copy.commit("no remote")
    error = verify(toy_copy, code=3)["error"]
    assert "is not in DVC's cache, and there is no remote" in error
    assert "DVC's cache holds other bytes under" in error


def test_false_scores_in_git_are_named(toy_copy: Project):
    edit(toy_copy.root / "reports/metrics.json", '"skill": 0.5', '"skill": 0.9')
    toy_copy.commit("tampered")
    verdict = verify(toy_copy, code=1)
    assert set(verdicts(verdict).values()) == {"identical"}
    (false,) = verdict["false"]
    assert false.startswith("reports/metrics.json as committed (md5 ")


def test_a_lock_that_is_not_of_its_commit_is_named(toy_copy: Project):
    edit(toy_copy.root / "make.py", "CLOCK = 0  #", "CLOCK = 0.0  #")
    edit(toy_copy.root / "params.yaml", "seed: 42 ", "seed: 43 ")
    toy_copy.commit("changed, and not run")
    verdict = verify(toy_copy, code=1)
    assert verdict["false"] == [
        "dvc.lock is not of this commit, which has other inputs than it names: make.py, seed. "
        "exactcast run renews it."
    ]
    assert verdict["reasons"] == [
        "The first stage that differs is 'train'; what comes after it reads its outputs.",
        "inputs: make.py, seed",
    ]
    details = {output["path"]: output["detail"] for output in verdict["outputs"]}
    assert details["models/model.keras"] == (
        "largest difference 1 (2.3e-02 of the largest value) in config.json: weight"
    )
    assert details["reports/predictions.parquet"] == (
        "largest difference 2 (2.3e-02 of the largest value) at row 1 in forecast"
    )


def test_a_stage_that_depends_on_the_clock_is_caught_with_the_largest_difference(toy_copy: Project):
    edit(toy_copy.root / "make.py", "CLOCK = 0  #", "CLOCK = time.time()  #")
    run(toy_copy, "--name", "late")
    toy_copy.commit("the late run, taken over")  # which has no record of its own
    said = toy_copy.attempt("python", "-m", "pipeline", "verify")
    assert said.returncode == 1
    assert re.search(r"reports/predictions.parquet: largest difference .* at row 1 in forecast",
                     said.stdout)  # fmt: skip
    assert "The first stage that differs is 'evaluate'." in said.stdout
    assert (
        "depends on something that is not a declared input: the time, a random number"
        in said.stdout
    )
    assert "NOT IDENTICAL: 3 of 5 outputs of HEAD" in said.stdout


def test_the_same_values_in_other_bytes_are_numerically_equal_and_the_reason_is_told(
    toy_copy: Project,
):
    edit(toy_copy.root / "make.py", "print(", "print(time.tzname[0], ")
    edit(
        toy_copy.root / "make.py",
        "json.dumps(metrics)",
        "json.dumps(metrics, indent=len(time.tzname[0]))",
    )
    edited = toy_copy.attempt("python", "-m", "pipeline", "run", "--no-prefect", "--json",
                              "--name", "zoned", TZ="UTC")  # fmt: skip
    assert edited.returncode == 0
    verdict = verify(toy_copy, "zoned", code=1, TZ="<+0545>-5:45")
    expected = dict.fromkeys(OUTPUTS, "identical") | {"reports/metrics.json": "numerically equal"}
    assert verdicts(verdict) == expected
    assert "variables: TZ UTC -> <+0545>-5:45" in verdict["reasons"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("no lock", "HEAD has no dvc.lock, so there is nothing to compare with"),
        ("half a lock", "HEAD has no hashes for evaluate, so there is nothing"),
        ("no data", "data/raw/mine.csv (md5 "),
        ("a broken stage", "HEAD could not be verified. Stage 'train' did not finish"),
        ("untracked data", "data/raw/mine.csv is kept neither by DVC nor by git"),
    ],
)
def test_what_cannot_be_run_says_what_is_missing_and_how_to_get_it(toy_copy, change, sentence):
    lock = toy_copy.root / "dvc.lock"
    if change == "no lock":
        lock.unlink()
    elif change == "half a lock":
        content = YAML().load(lock)
        del content["stages"]["evaluate"]
        YAML().dump(content, lock)
    elif change == "no data":
        cached(toy_copy, "data/raw/mine.csv").unlink()
    elif change == "a broken stage":
        edit(toy_copy.root / "make.py", "total = ", "total = 1 / 0 + ")
    else:
        (toy_copy.root / "data/raw/mine.csv.dvc").unlink()
    toy_copy.commit(change)
    error = verify(toy_copy, code=3)["error"]
    assert sentence in error
    assert error.splitlines()[-1].startswith("error: ")


def test_a_run_with_another_python_asks_for_it(toy_copy: Project):
    change_record(toy_copy, "first", lambda record: record["surroundings"].update(python="3.4.10"))
    error = verify(toy_copy, "first", code=3)["error"]
    assert "It needs Python 3.4, which is not installed here" in error


def test_no_such_revision_is_an_error_of_the_user(toy: Project):
    failed = toy.attempt("python", "-m", "pipeline", "verify", "nothing")
    assert failed.returncode == 1
    assert error_of(failed).startswith("error: There is no revision 'nothing' in ")
