"""The pages that are written by hand, held against the code and against each other."""

import ast
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from foundation import paths
from foundation.files import digest
from foundation.number_format import format_number
from foundation.seal import PINNED
from pipeline.cli.main import app
from pipeline.versioning.graph import load_graph
from pipeline.versioning.lockfile import flat, hashes, read_lock, recorded_outputs
from tests.support.pages import check_documented, sections
from tests.support.project import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
PARAMETERS = YAML(typ="safe").load(ROOT / "params.yaml")
VARIABLE = re.compile(r"\b(?:EXACTCAST|PREFECT|DVC)_[A-Z_]+")
CODE = ("foundation", "forecasting", "stages", "pipeline", "bench", "tests")
COMMANDS = re.compile(r"^(?:\s*)exactcast (\w+)((?:.*\\\n)*.*)$", re.MULTILINE)
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
TERMS = re.findall(r"^\* \*\*(.+?)\*\*: ", GLOSSARY, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    links = LINK.findall(page.read_text("utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_map_names_every_page():
    linked = set(LINK.findall((DOCS / "index.md").read_text("utf-8")))
    pages = {
        str(page.relative_to(DOCS)) for page in [*DOCS.glob("*.md"), *DOCS.glob("reference/*.md")]
    }
    assert pages - {"index.md"} <= linked


def test_the_page_on_architecture_says_what_each_folder_is_for():
    page = (DOCS / "architecture.md").read_text("utf-8")
    folders = [
        f"{package}/{folder.parent.name}/"
        for package in ("foundation", "forecasting", "stages", "pipeline")
        for folder in (ROOT / package).glob("*/__init__.py")
    ]

    assert "pipeline/runs/" in folders
    assert not [folder for folder in folders if f"| `{folder}` |" not in page]


def commands() -> list[tuple[str, str, str]]:
    """List the calls of exactcast in blocks of shell: page, command, arguments."""
    return [
        (str(page.relative_to(ROOT)), command, arguments.partition("#")[0])
        for page in PAGES
        for block in re.findall(
            r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
        for command, arguments in COMMANDS.findall(block)
    ]


@pytest.mark.parametrize(("page", "command", "arguments"), commands())
def test_a_command_that_is_shown_has_the_options_and_parameters_that_it_names(
    page, command, arguments
):
    group: Any = typer.main.get_command(app)
    options = group.commands[command].params
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}

    assert set(re.findall(r"(?<=\s)--?[a-zA-Z][\w-]*", arguments)) <= known
    assert set(re.findall(r"-S ([\w.]+)=", arguments)) <= set(flat(PARAMETERS))


def test_commands_are_found_in_the_pages():
    assert ("docs/tutorial.md", "show") in {(page, command) for page, command, _ in commands()}


def test_the_page_of_artifacts_lists_every_output_in_dvc_yaml_and_no_other():
    made = {out for stage in load_graph(ROOT).stages.values() for out in stage.outs}
    listed = {path.as_posix() for path in vars(paths).values() if isinstance(path, Path)}

    assert set(sections("artifacts.md")) - {""} == made == listed - {"params.yaml", "data/newest"}


def variables_in_code() -> set[str]:
    """Find the names of variables in text, and in what is imported from Prefect's settings."""
    found: set[str] = set()
    for file in (file for package in CODE for file in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(VARIABLE.findall(node.value))
            if isinstance(node, ast.ImportFrom) and node.module == "prefect.settings":
                found |= {alias.name for alias in node.names if VARIABLE.fullmatch(alias.name)}
    return found


def test_the_page_of_variables_names_those_that_the_code_reads_or_sets():
    page = (DOCS / "reference/environment-variables.md").read_text("utf-8")
    named = set(VARIABLE.findall(page))
    used = variables_in_code()
    beginnings = {
        name for name in used if name.endswith("_")
    }  # the rest is put together in the code

    assert used - beginnings <= named
    assert all(any(name.startswith(start) for name in named) for start in beginnings)
    assert {name for name in named if name.startswith("EXACTCAST_")} <= used
    assert {f"`{name}`" for name in PINNED} <= set(re.findall(r"`\w+`", page))


def test_the_glossary_is_sorted_and_has_each_term_once():
    assert len(TERMS) > 30
    assert sorted(TERMS, key=str.casefold) == TERMS
    assert len(set(map(str.casefold, TERMS))) == len(TERMS)


def test_each_term_has_one_sentence():
    entries = GLOSSARY.split("\n* ")[1:]
    assert len(entries) == len(TERMS)
    for entry in entries:
        assert re.fullmatch(r"[^.]*(?:\w\.\w[^.]*)*\.\s*", entry.replace("...", "")), entry


def test_a_document_is_held_against_its_table_in_both_directions():
    fields = {"a.*name*.b": "integer", "c": "text or null", "d": "object"}

    check_documented({"a": {"x": {"b": 1}}, "c": None, "d": {"y": {}}}, fields, empty=set())
    check_documented({"a": {"x": {"b": 1}}, "c": "z"}, fields, empty={"d"})
    for wrong in (
        {"a": {"x": {"b": 1}}, "c": None},
        {"a": {"x": {"b": "1"}}, "c": None, "d": {"y": 1}},
        {"a": {"x": {"b": 1}}, "c": None, "d": {"y": 1}, "e": 1},
    ):
        with pytest.raises(AssertionError):
            check_documented(wrong, fields, empty=set())


@pytest.fixture
def demo_is_committed():
    """Skip where a user has committed a run of a table of their own; README shows the demo's."""
    if PARAMETERS["ingest"]["raw"] != paths.DEMO.as_posix():
        pytest.skip("params.yaml has another table than the demo")


@pytest.mark.usefixtures("demo_is_committed")
def test_the_picture_in_the_readme_is_the_forecast_of_the_recorded_run():
    recorded = hashes(read_lock(ROOT)["forecast"], "outs")

    assert digest(DOCS / "forecast.png", "md5") == recorded[paths.NEWEST_PLOT.as_posix()]


@pytest.mark.usefixtures("demo_is_committed")
def test_the_readme_counts_the_outputs_of_the_recorded_run():
    n_outputs = len(recorded_outputs(load_graph(ROOT), read_lock(ROOT)))

    assert f"identical: all {n_outputs} outputs" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.usefixtures("demo_is_committed")
def test_the_scores_in_the_readme_are_those_of_the_recorded_run():
    metrics = json.loads((ROOT / paths.METRICS).read_text("utf-8"))
    page = (ROOT / "README.md").read_text("utf-8")
    ((model, skill),) = re.findall(r"^all, standardised +([\d.]+).* ([\d.]+)$", page, re.MULTILINE)

    assert model == format_number(math.sqrt(metrics["mse"]))
    assert skill == format_number(metrics["skill"])
