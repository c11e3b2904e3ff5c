"""The layout, as rules that hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.imports import code_of
from stages import _artifacts
from tests.project import ROOT

DVC = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
TENSORFLOW = {
    "forecasting.cache_sizes",
    "forecasting.determinism",
    "forecasting.network",
    "forecasting.training",
}
MODULES = sorted(
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
    for package in ("forecasting", "stages", "pipeline")
    for path in (ROOT / package).glob("*.py")
)


def imports(module: str, *, top_level: bool = False) -> set[str]:
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def of_packages(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if name.split(".")[0] in packages}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("forecasting.")])
def test_the_core_imports_nothing_of_ours_but_the_core(module):
    assert not of_packages(imports(module), "stages", "pipeline")


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("stages.")])
def test_stages_import_the_core_and_never_each_other(module):
    found = imports(module)
    assert not of_packages(found, "pipeline", "prefect", "dvc")
    assert not {name for name in found for stage in DVC if name.startswith(f"stages.{stage}")}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("pipeline.")])
def test_the_pipeline_knows_of_the_core_only_its_errors_and_of_the_stages_only_the_schema(module):
    shared = ("params", "files", "packages", "processor")
    allowed = ("forecasting.errors.", *(f"stages._{name}." for name in shared))
    found = of_packages(imports(module), "forecasting", "stages")
    assert not {name for name in found if not name.startswith(allowed)}


@pytest.mark.parametrize("module", MODULES)
def test_only_three_modules_import_tensorflow(module):
    found = of_packages(imports(module), "tensorflow", "keras")
    assert not found or module in TENSORFLOW


def test_the_command_line_loads_nothing_heavy_before_it_is_needed():
    listing = "import sys, pipeline.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"tensorflow", "keras", "prefect", "dvc", "numpy", "pandas"} & set(loaded)


@pytest.mark.parametrize("stage", DVC)
def test_a_stage_declares_exactly_the_code_it_runs_and_the_packages(stage):
    declared = [dep for dep in DVC[stage]["deps"] if dep.endswith((".py", ".lock"))]
    assert declared == [*code_of(f"stages.{stage}", ROOT), "requirements.lock"]


@pytest.mark.parametrize("stage", DVC)
def test_a_stage_declares_exactly_the_parameters_it_reads(stage):
    source = (ROOT / f"stages/{stage}.py").read_text()
    read = set(re.findall(r"\bparams\.(\w+)", source))
    if "model_dump" in read:  # the report shows parameters, section by section
        shown = re.search(r"^REPORTED = (\(.*\))", source, re.MULTILINE)
        read = read - {"model_dump"} | set(ast.literal_eval(shown[1]))
    assert sorted(read) == DVC[stage]["params"]


def test_the_list_of_artifacts_is_the_list_of_outputs():
    artifacts = {
        artifact.path.as_posix()
        for artifact in vars(_artifacts).values()
        if not isinstance(artifact, type) and isinstance(getattr(artifact, "path", None), Path)
    }
    outputs = {
        entry if isinstance(entry, str) else next(iter(entry))
        for stage in DVC.values()
        for entry in [*stage.get("outs", []), *stage.get("metrics", [])]
    }
    assert artifacts == outputs


def test_every_output_that_dvc_keeps_is_ignored_by_git_from_the_first_commit():
    kept = [entry for stage in DVC.values() for entry in stage["outs"]]
    ignored = subprocess.run(
        ["git", "check-ignore", *kept], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert sorted(ignored) == sorted(kept)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_is_pinned_and_hashed_and_no_index_is_named(lock):
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(
            r"[\w.\-\[\],]+==[\w.+!]+ ?(;.*)?\\\n +--hash=sha256:[0-9a-f]{64}", entry
        ), entry
    assert not re.search(r"https?:|index|find-links", re.sub(r"^[\w.-]+==", "", text, flags=re.M))


def test_no_file_names_a_machine_or_is_left_unfinished():
    words = re.compile("|".join(["/wo" + "rk/", "/ro" + "ot/", "TO" + "DO", "FIX" + "ME"]))
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.yaml", "*.toml", "Makefile", ".ci/run"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not [name for name in listed if words.search((ROOT / name).read_text())]
