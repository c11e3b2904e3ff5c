"""What is damaged in DVC's cache or in the checkout is never taken for a result."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.stage import RESTORED
from pipeline.versioning.cache import content_hash
from tests.support.project import Project, error_of
from tests.support.toy import OUTPUTS, back

MODEL, RAW = "models/model.keras", "data/raw/mine.csv"


def run(project: Project, *arguments: str) -> dict[str, Any]:
    """Run the toy; return what the run printed as JSON, and what it noted before."""
    said = project.exactcast("run", "--no-prefect", "--json", *arguments)
    notes, content = said[: said.index("{\n")], said[said.index("{\n") :]
    return json.loads(content) | {"notes": notes}


def cached(project: Project, path: str) -> Path:
    """Where DVC's cache keeps a file that lies there in good order."""
    md5 = content_hash(project.root / path)
    return project.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


def empty(path: Path) -> None:
    overwrite(path, b"")


def alter(path: Path) -> None:
    content = path.read_bytes()
    overwrite(path, content[:-1] + bytes([content[-1] ^ 1]))


def overwrite(path: Path, content: bytes) -> None:
    """Leave a file as a power cut may leave it: other bytes, its times and mode as they were."""
    was = path.stat()
    path.chmod(0o600)
    path.write_bytes(content)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    path.chmod(was.st_mode)


def contents(project: Project, paths: list[str]) -> dict[str, bytes]:
    return {path: project.read(path) for path in paths}


@pytest.mark.parametrize("damage", [empty, alter])
def test_a_damaged_output_of_the_cache_is_mended_out_of_the_workspace(
    toy_copy: Project, damage: Callable[[Path], None]
):
    before = contents(toy_copy, OUTPUTS)
    places = [cached(toy_copy, path) for path in OUTPUTS if path != "reports/metrics.json"]
    sound = [place.read_bytes() for place in places]
    for place in places:
        damage(place)

    again = run(toy_copy, "--isolated")

    assert set(again["states"].values()) == {"up to date"}
    assert contents(toy_copy, OUTPUTS) == before
    assert [place.read_bytes() for place in places] == sound
    assert {place.stat().st_mode & 0o777 for place in places} == {0o444}


@pytest.mark.parametrize("way", [[], ["--isolated"]], ids=["in the workspace", "isolated"])
def test_a_damaged_output_without_a_good_copy_is_made_again(toy_copy: Project, way: list[str]):
    before, place = contents(toy_copy, OUTPUTS), cached(toy_copy, MODEL)
    sound = place.read_bytes()
    alter(place)
    (toy_copy.root / MODEL).unlink()
    toy_copy.dvc("checkout", "--quiet", MODEL)  # DVC believes its cache
    assert toy_copy.read(MODEL) != sound

    again = run(toy_copy, *way)

    assert again["states"] == {"prepare": "up to date", "train": "ran", "evaluate": "up to date"}
    assert again["different"] == []
    assert f"note: what DVC's cache held of {MODEL} under " in again["notes"]
    assert place.read_bytes() == sound
    assert run(toy_copy)["states"]["train"] in ("up to date", RESTORED)
    assert contents(toy_copy, OUTPUTS) == before


@pytest.mark.parametrize("path", [MODEL, "reports/metrics.json"])
def test_an_output_in_the_workspace_that_changed_behind_its_time_is_out_of_date(
    toy_copy: Project, path: str
):
    before = contents(toy_copy, OUTPUTS)
    toy_copy.exactcast("status")  # DVC has seen every file
    alter(toy_copy.root / path)

    assert f"output {path} modified" in toy_copy.exactcast("status")
    assert run(toy_copy)["different"] == []
    assert contents(toy_copy, OUTPUTS) == before


def test_what_the_run_cache_restores_is_made_again_if_it_was_damaged(toy_copy: Project):
    run(toy_copy, "-S", "seed=3")
    place = cached(toy_copy, MODEL)
    sound = place.read_bytes()
    back(toy_copy)
    empty(place)

    again = run(toy_copy, "-S", "seed=3")

    assert again["states"]["train"] == "ran"
    assert place.read_bytes() == sound
    back(toy_copy)
    assert run(toy_copy, "-S", "seed=3")["states"]["train"] == RESTORED
    assert toy_copy.read(MODEL) == sound


def test_damaged_raw_data_in_the_cache_are_mended_out_of_the_workspace(toy_copy: Project):
    raw, place = toy_copy.read(RAW), cached(toy_copy, RAW)
    alter(place)

    again = run(toy_copy, "--isolated")

    assert set(again["states"].values()) == {"up to date"}
    assert place.read_bytes() == toy_copy.read(RAW) == raw


@pytest.mark.parametrize("way", [[], ["--isolated"]], ids=["in the workspace", "isolated"])
def test_raw_data_that_are_damaged_everywhere_are_refused_and_fetched_if_they_can_be(
    toy_copy: Project, tmp_path: Path, way: list[str]
):
    toy_copy.dvc("remote", "add", "--quiet", "--default", "store", str(tmp_path / "store"))
    toy_copy.dvc("push", "--quiet")
    toy_copy.commit("a remote")
    raw, pointer, place = toy_copy.read(RAW), toy_copy.read(f"{RAW}.dvc"), cached(toy_copy, RAW)
    alter(place)
    (toy_copy.root / RAW).unlink()
    toy_copy.dvc("checkout", "--quiet", RAW)
    assert toy_copy.read(RAW) != raw

    for _ in range(2):
        refused = toy_copy.attempt("python", "-m", "pipeline", "run", "--no-prefect", *way)
        assert refused.returncode == 1
        (said,) = error_of(refused).splitlines()
        assert said.startswith(f"error: {RAW} is not the file of md5 ")
        assert f"if not, remove {RAW} and {place}, then `dvc pull {RAW}`." in said
    assert toy_copy.read(f"{RAW}.dvc") == pointer

    (toy_copy.root / RAW).unlink()
    if not way:
        place.unlink()
        toy_copy.dvc("pull", "--quiet", RAW)
    assert set(run(toy_copy, *way)["states"].values()) == {"up to date"}
    assert place.read_bytes() == raw


def test_raw_data_that_a_user_edited_are_taken_whatever_became_of_the_old_ones(toy_copy: Project):
    alter(cached(toy_copy, RAW))
    (toy_copy.root / RAW).write_text("date,oil\n2024-01-01,1.5\n2024-01-02,9.5\n")

    assert run(toy_copy)["new_inputs"] == [RAW]
    assert cached(toy_copy, RAW).read_bytes() == toy_copy.read(RAW)
