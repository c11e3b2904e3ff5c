import copy

import pytest

from foundation.errors import SetupError
from pipeline.versioning.graph import Graph, Stage
from pipeline.versioning.lockfile import LOCK as LOCK_FILE
from pipeline.versioning.lockfile import canonicalise, compare, flat, read_lock

GRAPH = Graph(
    {
        "make": Stage("make", ("make.py", "raw.csv"), ("made",), ()),
        "score": Stage("score", ("made", "score.py"), ("scores",), ("scores",)),
    }
)
LOCK = {
    "make": {
        "cmd": "make",
        "deps": [
            {"path": "make.py", "hash": "md5", "md5": "1", "size": 1},
            {"path": "raw.csv", "hash": "md5", "md5": "2", "size": 1},
        ],
        "params": {"params.yaml": {"make": {"epochs": 3, "layers": [{"units": 5}]}}},
        "outs": [{"path": "made", "hash": "md5", "md5": "3", "size": 1}],
    },
    "score": {
        "cmd": "score",
        "deps": [{"path": "made", "hash": "md5", "md5": "3", "size": 1}],
        "outs": [{"path": "scores", "hash": "md5", "md5": "4", "size": 1}],
    },
}


def changed(stage, key, number, **values):
    lock = copy.deepcopy(LOCK)
    lock[stage][key][number] |= values
    return lock


def test_the_same_lock_is_identical():
    comparison = compare(GRAPH, LOCK, LOCK)
    assert comparison.identical
    assert comparison.n_outputs == 2


def test_another_output_from_the_same_inputs_is_different_and_named():
    now = changed("make", "outs", 0, md5="x")
    now["score"]["deps"][0]["md5"] = "x"  # what an earlier stage made is not an input from outside
    comparison = compare(GRAPH, LOCK, now)
    assert comparison.different == ["made"]
    assert not comparison.new_inputs


def test_another_file_mode_is_different():
    assert compare(GRAPH, LOCK, changed("score", "outs", 0, isexec=True)).different == ["scores"]


def test_other_code_data_commands_and_parameters_are_new_inputs_and_named():
    assert compare(GRAPH, LOCK, changed("make", "deps", 0, md5="x")).new_inputs == ["make.py"]
    assert compare(GRAPH, LOCK, changed("make", "deps", 1, md5="x")).new_inputs == ["raw.csv"]
    other = copy.deepcopy(LOCK)
    other["make"]["cmd"] = "make it"
    other["make"]["params"]["params.yaml"]["make"]["layers"][0]["units"] = 6
    assert compare(GRAPH, LOCK, other).new_inputs == [
        "command of make",
        "make.layers.0.units",
    ]


def test_without_a_recorded_run_everything_is_new():
    comparison = compare(GRAPH, {}, LOCK)
    assert "raw.csv" in comparison.new_inputs
    assert not comparison.identical


def test_flat_names_nested_values_by_dots():
    assert flat({"a": {"b": 1, "c": [1, 2]}, "d": [{"e": None}]}) == {
        "a.b": 1,
        "a.c": [1, 2],
        "d.0.e": None,
    }


@pytest.mark.parametrize("content", ["", "schema: '2.0'\nstages:", "[]", "stages: {}", "text"])
def test_what_is_no_lock_is_refused(tmp_path, content):
    (tmp_path / LOCK_FILE).write_text(content)
    with pytest.raises(
        SetupError, match=r"^dvc.lock is broken: it .+ Correct it, or restore it: git"
    ):
        read_lock(tmp_path)


SCORE_ENTRY = """\
  score:
    cmd: score
    params:
      params.yaml:
        note: one two three four five six seven eight nine ten eleven twelve{space}
          thirteen fourteen fifteen
        season:
        seasons:
        - 24
""".format(space=" ")  # with which the library ends a line that it folds


def test_a_lock_out_of_order_is_sorted_and_spelled_as_dvc_spells_it(tmp_path):
    """Folded at 80 characters, a missing value as nothing: as every DVC command writes the whole file."""
    head, make = "schema: '2.0'\nstages:\n", "  make:\n    cmd: make\n"
    (tmp_path / LOCK_FILE).write_text(
        head + SCORE_ENTRY.replace("season:\n", "season: null\n") + make
    )
    assert canonicalise(tmp_path, GRAPH)
    assert (tmp_path / LOCK_FILE).read_text() == head + make + SCORE_ENTRY
    assert not canonicalise(tmp_path, GRAPH)
