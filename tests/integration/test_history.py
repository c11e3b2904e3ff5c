"""The kept runs: what is on record, how they are listed, shown and compared."""

import json
import platform
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.runs.scores import scores_before
from pipeline.versioning.cache import content_hash
from pipeline.versioning.checkout import Checkout
from tests.support.project import Project


def test_the_runs_are_listed_with_what_each_changed_and_how_good_it_is(toy: Project):
    text = toy.exactcast("runs")
    lines = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert [line[0] for line in cells] == ["run", "first", "second", "mine"]
    assert cells[1][2:] == ["0.5", "0.4333", "new inputs", "nothing"]
    assert cells[2][2:] == ["0.5", "0.08333", "new inputs", "seed 42 -> 7"]
    assert cells[3][2:] == ["0.5", "0.09333", "by hand", "seed 42 -> 8"]

    listed = json.loads(toy.exactcast("runs", "--json"))
    assert [run["name"] for run in listed] == ["first", "second", "mine"]
    assert listed[1]["parent"] == toy.git("rev-parse", "HEAD").strip()
    assert listed[1]["metrics"] == {"skill": 0.5, "mse": 0.08333333333333334}
    assert listed[2]["record"] is None


def test_a_record_tells_what_where_and_how_and_nothing_of_whose(toy: Project):
    run = json.loads(toy.exactcast("show", "second", "--json"))
    record = run["record"]
    assert (record["name"], record["overrides"]) == ("second", ["seed=7"])
    assert record["commit"] == run["parent"]
    assert record["parameters"]["seed"] == 7
    assert record["parameters"]["model"]["layers"][0]["units"] == 50
    assert record["states"] == {"prepare": "up to date", "train": "ran", "evaluate": "ran"}
    assert set(record["seconds"]) == set(record["states"])
    assert record["raw"] == {"data/raw/mine.csv": content_hash(toy.root / "data/raw/mine.csv")}
    assert record["lock"]["train"]["outs"][0]["path"] == "models/model.keras"
    assert record["verdict"] == "new inputs"
    around = record["surroundings"]
    assert around["python"] == platform.python_version()
    assert around["packages"]["keras"] == version("keras")
    assert around["any_packages"] is False
    assert around["pinned"]["NPY_DISABLE_CPU_FEATURES"] == "X86_V4 AVX512_ICL AVX512_SPR"
    assert around["pinned"]["KERAS_HOME"] == ".cache/keras"
    assert around["processor"]["model"] and around["libc"].startswith("glibc ")
    text = json.dumps(record)
    names = (str(toy.root), platform.node(), str(Path.home()))
    assert not [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def test_a_run_is_shown_on_one_screen_by_its_name_or_commit(toy: Project):
    commit = json.loads(toy.exactcast("show", "second", "--json"))["commit"]
    text = toy.exactcast("show", "second")
    assert toy.exactcast("show", commit) == text
    for line in (
        f"commit   {commit}",
        "changed  seed 42 -> 7",
        "verdict  new inputs (2 of 3 stages ran, 1 up to date)",
        "scores   mse 0.08333, skill 0.5",  # (1.5 + 2.5) / 3 + 7, over 100
        "everything: exactcast show second --json",
    ):
        assert line in text.splitlines()
    assert "prepare   up to date" in text
    assert "models/model.keras           " in text
    assert len(text.splitlines()) <= 40
    assert "by hand, no record" in toy.exactcast("show", "main")


def test_the_newest_run_is_shown_where_none_is_named(toy_copy: Project):
    toy_copy.exactcast("run", "--no-prefect", "--json", "-S", "seed=9")
    text = toy_copy.exactcast("show")
    assert re.match(r"run      seed-9-[0-9a-f]{4}\n", text)
    assert "changed  seed 42 -> 9\n" in text


def test_two_runs_are_compared_in_everything_that_is_known_of_both(toy: Project):
    text = toy.exactcast("show", "first", "second")
    assert "parameters\n  seed 42 -> 7" in text
    assert "data\n  the same" in text
    assert "code\n  the same" in text
    assert "surroundings\n  the same" in text
    assert "mse     0.4333  0.08333" in text

    changes = json.loads(toy.exactcast("show", "first", "mine", "--json"))["changes"]
    assert changes == {"parameters": ["seed 42 -> 8"], "data": [], "code": []}
    assert "packages, processor: not known of mine" in toy.exactcast("show", "first", "mine")


def test_a_record_that_a_commit_only_inherited_is_not_its_own(toy_copy: Project):
    toy_copy.dvc("exp", "apply", "second")
    toy_copy.commit("taken over")
    assert json.loads(toy_copy.exactcast("show", "HEAD", "--json"))["record"]["name"] == "second"
    toy_copy.commit("something else")
    assert json.loads(toy_copy.exactcast("show", "HEAD", "--json"))["record"] is None


def test_data_and_code_that_changed_are_named(toy_copy: Project):
    (toy_copy.root / "data/raw/mine.csv").write_text("date,oil\n2024-01-01,3.5\n")
    make = toy_copy.root / "make.py"
    make.write_text(make.read_text() + "\n")
    toy_copy.exactcast("run", "--no-prefect", "--json", "--name", "third")
    listed = json.loads(toy_copy.exactcast("runs", "--json"))
    assert listed[-1]["changed"] == ["data/raw/mine.csv.dvc", "make.py"]
    changes = json.loads(toy_copy.exactcast("show", "first", "third", "--json"))["changes"]
    assert changes["code"] == ["make.py"]
    (data,) = changes["data"]
    assert data.startswith("data/raw/mine.csv ")
    assert " -> " in data


def test_no_runs_yet_says_how_to_make_one(project: Project):
    assert project.exactcast("runs") == "No run is kept yet. exactcast run makes one.\n"


def test_a_run_with_other_packages_than_the_lock_says_so(toy_copy: Project):
    lock = toy_copy.root / "requirements.lock"
    lock.write_text(lock.read_text().replace(f"\ntqdm=={version('tqdm')} ", "\ntqdm==4.0.0 "))
    toy_copy.exactcast(
        "run", "--no-prefect", "--json", "--name", "loose", EXACTCAST_ANY_PACKAGES="1"
    )  # fmt: skip
    record = json.loads(toy_copy.exactcast("show", "loose", "--json"))["record"]
    assert record["surroundings"]["any_packages"] is True
    assert record["surroundings"]["packages"]["tqdm"] == version("tqdm")


def test_the_scores_of_the_newest_run_are_taken_from_the_cache_or_left_out(toy_copy: Project):
    before = scores_before(Checkout(toy_copy.root))
    assert before is not None
    assert before.errors("raw", "rmse", "oil")["model"] == pytest.approx(
        28 / 3
    )  # of `mine`: (1.5 + 2.5) / 3 + 8
    for path in (toy_copy.root / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file() and b"targets" in path.read_bytes():
            path.unlink()
    assert scores_before(Checkout(toy_copy.root)) is None
