"""The layout, as rules that hold."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foundation.seal import PINNED
from pipeline.versioning.dependencies import code_of, is_code
from stages.storage import artifacts
from tests.support.project import ROOT

DVC = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
PACKAGES = ("foundation", "forecasting", "stages", "pipeline")
TENSORFLOW = {
    "forecasting.models.build",
    "forecasting.models.normalise",
    "forecasting.models.raw_units",
    "forecasting.training.cache_sizes",
    "forecasting.training.determinism",
    "forecasting.training.epoch",
    "forecasting.training.fit",
    "forecasting.training.inference",
    "forecasting.training.panel_forecaster",
    "forecasting.training.reader",
}
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
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
def test_the_core_imports_of_ours_nothing_but_the_core_and_the_errors(module):
    found = of_packages(imports(module), "foundation", "stages", "pipeline")
    assert not {name for name in found if not name.startswith("foundation.errors.")}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("stages.")])
def test_stages_never_import_each_other_or_what_runs_them(module):
    found = imports(module)
    assert not of_packages(found, "pipeline", "prefect", "dvc")
    assert not {name for name in found for stage in DVC if name.startswith(f"stages.{stage}")}


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("pipeline.orch")])
def test_only_orchestration_imports_prefect(module):
    allowed = {"pipeline.cli.terminal"}  # which starts it, and tells what it raised
    assert not of_packages(imports(module), "prefect") or module in allowed


def test_importing_what_is_no_stage_changes_no_variable_of_the_process():
    modules = [m for m in MODULES if m.split(".")[0] in ("foundation", "pipeline")]
    script = (
        "import importlib, os; before = dict(os.environ)\n"
        f"for name in {modules}:\n"
        "    if not name.endswith('__main__'): importlib.import_module(name)\n"
        "assert before == dict(os.environ), set(os.environ.items()) ^ set(before.items())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False,
        env={n: v for n, v in os.environ.items() if n not in PINNED},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_only_a_few_modules_import_tensorflow(module):
    found = of_packages(imports(module), "tensorflow", "keras")
    assert not found or module in TENSORFLOW


def test_the_command_line_loads_nothing_heavy_before_it_is_needed():
    modules = (
        "pipeline.cli.main, pipeline.cli.terminal, pipeline.versioning.status"  # a run, a status
    )
    listing = f"import sys, {modules}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"tensorflow", "keras", "prefect", "dvc", "numpy", "pandas"} & set(loaded)


@pytest.mark.parametrize("stage", DVC)
def test_a_stage_declares_exactly_the_code_it_runs_and_the_packages(stage):
    declared = [dep for dep in DVC[stage]["deps"] if is_code(dep)]
    assert declared == [*code_of(f"stages.{stage}", ROOT), "requirements.lock"]


def test_every_file_that_ships_with_the_code_of_stages_is_declared_by_one():
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES[:3]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    declared = {dep for stage in DVC.values() for dep in stage["deps"]}
    others = [path for path in listed if not path.endswith(".py")]
    assert others and not set(others) - declared


@pytest.mark.parametrize("stage", DVC)
def test_a_stage_declares_exactly_the_parameters_it_reads(stage):
    shared = [
        path for path in code_of(f"stages.{stage}", ROOT) if re.match(r"stages/\w+\.py$", path)
    ]
    source = "\n".join((ROOT / path).read_text() for path in shared)
    read = set(re.findall(r"\bparams\.(\w+)", source))
    if "model_dump" in read:  # the report shows parameters, section by section
        shown = re.search(r"^REPORTED = (\(.*\))", source, re.MULTILINE)
        read = read - {"model_dump"} | set(ast.literal_eval(shown[1]))
    named = [name.partition(".") for name in DVC[stage]["params"]]
    assert sorted(read) == sorted({section for section, _, _ in named})
    for section in {section for section, _, name in named if name}:
        parts = {name for each, _, name in named if each == section}
        assert set(re.findall(rf"\bparams\.{section}\.(\w+)", source)) <= parts


def test_the_list_of_artifacts_is_the_list_of_outputs():
    listed = {
        artifact.path.as_posix()
        for artifact in vars(artifacts).values()
        if not isinstance(artifact, type) and isinstance(getattr(artifact, "path", None), Path)
    }
    outputs = {
        entry if isinstance(entry, str) else next(iter(entry))
        for stage in DVC.values()
        for entry in [*stage.get("outs", []), *stage.get("metrics", [])]
    }
    assert listed == outputs


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


def test_every_error_class_stands_in_one_file_and_its_name_ends_in_error():
    found = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
    }
    assert found
    assert all(re.fullmatch(r"foundation/errors\.py: \w+Error", each) for each in found), found
