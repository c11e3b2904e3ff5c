"""What DVC calls changed, asked in the short way, is what `dvc status --json` says."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.versioning import dvc_status
from tests.support.project import Project

MAKE = "mkdir -p made/{0} && echo {0} > made/{0}/a && echo {0} > made/{0}.txt"
KINDS = (
    "unchanged", "dep_modified", "dep_deleted", "folder_modified", "new_dep", "lost_dep", "command",
    "section", "name", "new_param", "out_deleted", "out_modified", "folder_out", "metric",
    "dep_and_out", "never_run", "always", "frozen",
)  # fmt: skip


def stage(kind: str) -> dict[str, Any]:
    """A stage of its own for each kind of change, with a file and a folder to read and to make."""
    read = [f"read/{kind}.txt", f"read/{kind}"]
    return {
        "cmd": MAKE.format(kind),
        "deps": read,
        "params": [kind, f"{kind}_named.one"],
        "outs": [f"made/{kind}"],
        "metrics": [{f"made/{kind}.txt": {"cache": kind != "metric"}}],
    }


def write_graph(root: Path, stages: dict[str, Any]) -> None:
    with (root / "dvc.yaml").open("w") as file:
        YAML().dump({"stages": stages}, file)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which every stage but one changed, each in another way."""
    root = tmp_path_factory.mktemp("changed") / "a checkout"
    for kind in KINDS:
        (root / f"read/{kind}").mkdir(parents=True)
        (root / f"read/{kind}/a").write_text(kind)
        (root / f"read/{kind}.txt").write_text(kind)
    params = {kind: {"a": 1} for kind in KINDS} | {f"{kind}_named": {"one": 1} for kind in KINDS}
    with (root / "params.yaml").open("w") as file:
        YAML().dump(params, file)
    stages = {kind: stage(kind) for kind in KINDS}
    write_graph(root, {name: one for name, one in stages.items() if name != "never_run"})
    project = Project(root)
    project.git("init", "--quiet")
    project.dvc("init", "--quiet")
    project.dvc("repro", "--quiet")
    change(root, stages, params)
    return project


def change(root: Path, stages: dict[str, Any], params: dict[str, Any]) -> None:
    for kind in ("dep_modified", "frozen"):
        (root / f"read/{kind}.txt").write_text("other")
    (root / "read/dep_deleted.txt").unlink()
    (root / "read/folder_modified/b").write_text("more")
    (root / "read/dep_and_out.txt").write_text("other")
    stages["new_dep"]["deps"].append("read/unchanged.txt")
    del stages["lost_dep"]["deps"][0]
    stages["command"]["cmd"] += " && true"
    stages["new_param"]["params"].append("unchanged")
    stages["always"]["always_changed"] = True
    stages["frozen"]["frozen"] = True
    params["section"]["a"] = 2
    params["name_named"]["one"] = 2
    with (root / "params.yaml").open("w") as file:
        YAML().dump(params, file)
    write_graph(root, stages)
    shutil.rmtree(root / "made/out_deleted")
    (root / "made/out_modified.txt").unlink()  # a link into the cache, perhaps
    for path in ("out_modified.txt", "folder_out/b", "metric.txt", "dep_and_out/b"):
        (root / "made" / path).write_text("other")


def short_way(project: Project, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", dvc_status.__file__, *names],
        cwd=project.root, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_short_way_says_of_every_kind_of_change_what_dvc_says(changed: Project) -> None:
    said = short_way(changed, *KINDS)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert set(found) == {*KINDS} - {"unchanged", "lost_dep", "frozen"}  # DVC looks at none of them
    assert found["dep_deleted"] == [{"changed deps": {"read/dep_deleted.txt": "deleted"}}]
    assert found["out_modified"] == [{"changed outs": {"made/out_modified.txt": "modified"}}]
    asked = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json", *KINDS],
        cwd=changed.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found == json.loads(asked.stdout)


def test_only_the_stages_that_are_named_are_looked_at(changed: Project) -> None:
    assert set(json.loads(short_way(changed, "always", "unchanged").stdout)) == {"always"}


def test_what_dvc_refuses_is_refused_in_the_words_of_its_command(changed: Project) -> None:
    asked = changed.attempt("python", "-m", "dvc", "status", "--json", "nothing")
    said = short_way(changed, "nothing")
    assert (said.returncode, said.stderr) == (asked.returncode, asked.stdout)
    assert "ERROR: 'nothing' does not exist" in said.stderr
