"""What a checkout says is what its files say now."""

from pathlib import Path

import pytest

from pipeline.versioning.checkout import Checkout

GRAPH = "stages: {one: {cmd: x, outs: ['${out}']}}"
LOCK = "schema: '2.0'\nstages:\n  one:\n    cmd: x\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "dvc.yaml").write_text(GRAPH)
    (tmp_path / "params.yaml").write_text("out: a\n")
    return Checkout(tmp_path)


def test_the_graph_follows_dvc_yaml_and_the_parameters_that_it_names(checkout: Checkout) -> None:
    assert checkout.graph.stages["one"].outs == ("a",)
    (checkout.root / "params.yaml").write_text("out: b\n")
    assert checkout.graph.stages["one"].outs == ("b",)
    (checkout.root / "dvc.yaml").write_text(GRAPH.replace("one", "two"))
    assert list(checkout.graph.stages) == ["two"]


def test_the_lock_follows_what_a_stage_made_of_it(checkout: Checkout) -> None:
    assert checkout.lock == {}
    (checkout.root / "dvc.lock").write_text(LOCK)
    assert checkout.lock == {"one": {"cmd": "x"}}
    (checkout.root / "dvc.lock").write_text(LOCK.replace("cmd: x", "cmd: y"))
    assert checkout.lock == {"one": {"cmd": "y"}}


def test_what_did_not_change_is_not_parsed_again(checkout: Checkout) -> None:
    (checkout.root / "dvc.lock").write_text(LOCK)
    assert checkout.graph is checkout.graph
    assert checkout.lock is checkout.lock


def test_a_worktree_has_the_workspace_that_it_was_made_from(tmp_path: Path) -> None:
    workspace = Checkout(tmp_path)
    assert workspace.workspace is workspace
    assert Checkout(tmp_path / "worktree", origin=workspace).workspace is workspace
