import json
import re
import shutil

import pytest

from pipeline.versioning.cache import content_hash
from tests.support.project import Project


def findings(project: Project, **environment) -> dict[str, dict]:
    done = project.attempt("python", "-m", "pipeline", "doctor", "--json", **environment)
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == (0 if all(f["ok"] for f in found.values()) else 1)
    return found


def test_a_good_checkout_is_ok_in_every_line(finished: Project):
    found = findings(finished)
    assert all(finding["ok"] for finding in found.values()), found
    assert found["dvc.lock"]["text"] == "canonical, 10 of 10 stages recorded"
    assert "none" in found["dvc remotes"]["text"]
    assert found["prefect server"]["text"] == "can be started"
    text = finished.exactcast("doctor")
    assert text.splitlines()[0] == "checking the set-up"
    assert len(text.splitlines()) == 1 + len(found)
    assert all(line.startswith("ok") for line in text.splitlines()[1:])


def test_everything_that_is_wrong_is_told_at_once_with_what_to_do(copied: Project):
    root = copied.root
    keras = next(
        line
        for line in (root / "requirements.lock").read_text().splitlines()
        if line.startswith("keras==")
    )
    for file, old, new in [
        ("requirements.lock", keras, "keras==3.0.1 \\"),
        ("params.yaml", "epochs: 2 ", "epochs: -2 "),
        ("params.yaml", "raw: data/raw/demo.csv", "raw: data/raw/mine.csv"),
        (".dvc/config", "analytics = false", "analytics = true"),
        ("dvc.yaml", "\n  evaluate:", "\n  assess:"),
    ]:
        text = (root / file).read_text()
        assert old in text, (file, old)
        (root / file).write_text(text.replace(old, new))
    shutil.copy(root / "data/raw/demo.csv", root / "data/raw/mine.csv")
    md5 = content_hash(root / "models/model.keras")
    torn = root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    torn.chmod(0o644)
    torn.write_bytes(b"")
    found = findings(copied)

    wrong = {name: finding["text"] for name, finding in found.items() if not finding["ok"]}
    assert sorted(wrong) == [
        "dvc cache",
        "dvc telemetry",
        "dvc.lock",
        "packages",
        "parameters",
        "raw table",
    ]
    assert f"models/model.keras: DVC's cache holds other bytes under {md5}" in wrong["dvc cache"]
    assert "keras 3.15.1 instead of 3.0.1" in wrong["packages"]
    assert "train.epochs: Input should be greater than 0, found -2" in wrong["parameters"]
    assert "dvc config core.analytics false" in wrong["dvc telemetry"]
    assert "lists stages that are gone" in wrong["dvc.lock"]
    assert "dvc add data/raw/mine.csv" in wrong["raw table"]


def test_without_an_identity_runs_are_kept_and_doctor_says_in_whose_name(copied: Project):
    copied.git("config", "--unset", "user.name")
    copied.git("config", "--unset", "user.email")
    copied.git(
        "config", "user.useConfigOnly", "true"
    )  # else git may make one up of the machine's name
    nobody = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    git = findings(copied, **nobody)["git"]
    assert git["ok"]
    assert "keeps runs as exactcast, for git does not know who you are: before you commit, git config" in git["text"]  # fmt: skip
    said = copied.exactcast("run", "--no-prefect", "-S", "train.epochs=1", **nobody)
    name = re.search(r"kept as +the experiment (\S+)", said)[1]
    (ref,) = copied.git("for-each-ref", "--format=%(objectname)", f"refs/exps/**/{name}").split()
    assert copied.git("log", "-1", "--format=%cn", ref).strip() == "exactcast"


@pytest.mark.parametrize("how", ["file", "folder"])
def test_a_raw_table_kept_by_dvc_is_no_complaint(copied: Project, how):
    root = copied.root
    shutil.copy(root / "data/raw/demo.csv", root / "data/raw/mine.csv")
    (root / "params.yaml").write_text(
        (root / "params.yaml")
        .read_text()
        .replace("raw: data/raw/demo.csv", "raw: data/raw/mine.csv")
    )
    assert not findings(copied)["raw table"]["ok"]
    if how == "file":
        copied.dvc("add", "data/raw/mine.csv")
    else:
        (root / "data/raw.dvc").write_text("outs:\n- {md5: 0, path: raw}\n")
    assert findings(copied)["raw table"]["ok"]
