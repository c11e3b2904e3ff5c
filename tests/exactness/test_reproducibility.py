"""The same bytes, whatever the surroundings."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.processor import is_promised
from pipeline.verification.diagnosis import UNDECLARED
from tests.exactness.witness import (
    OUTPUTS,
    SMALL,
    STAGES,
    add_witness,
    output_hashes,
    told_by_stages,
)
from tests.support.project import ROOT, Project, copy_project


def hostile_home(folder: Path) -> Path:
    """Make a home whose settings would change results, were they read."""
    home = folder / "hostile home"
    (home / ".keras").mkdir(parents=True)
    (home / ".keras/keras.json").write_text(json.dumps({"floatx": "float64", "backend": "jax"}))
    (home / ".config/matplotlib").mkdir(parents=True)
    (home / ".config/matplotlib/matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\n")
    return home


@pytest.mark.skipif(
    not is_promised(), reason="the committed dvc.lock is promised on x86-64 with AVX2 on Linux"
)
@pytest.mark.skipif(
    platform.python_version_tuple()[:2] != tuple((ROOT / ".python-version").read_text().strip().split(".")),
    reason="the committed dvc.lock is promised on the reference Python",
)  # fmt: skip
def test_the_committed_demo_is_reproduced_in_hostile_surroundings(project: Project, tmp_path: Path):
    home = hostile_home(tmp_path)
    committed = project.read("dvc.lock"), project.read("reports/metrics.json")

    said = project.call(
        "taskset", "--cpu-list", "0", "python", "-m", "pipeline", "run",
        HOME=str(home), TZ="Asia/Kathmandu", LC_ALL="C", PYTHONHASHSEED="7", XDG_CONFIG_HOME=None,
        TF_DETERMINISTIC_OPS="0", OMP_NUM_THREADS="3", MPLBACKEND="svg", KERAS_BACKEND="jax",
        XLA_FLAGS="--xla_cpu_max_isa=SSE4_2", PYTHONPATH=str(tmp_path),
    )  # fmt: skip

    assert (
        "identical: all 20 outputs equal the committed dvc.lock, byte for byte (10 of 10 stages ran)"
        in said
    )
    assert (project.read("dvc.lock"), project.read("reports/metrics.json")) == committed
    assert project.git("status", "--porcelain") == ""


@dataclass(frozen=True)
class Variation:
    """Other surroundings, and how a stage that runs in them can tell.

    Attributes:
        variables: Of the environment.
        seen: Takes what a stage told and the checkout's folder; tells whether it took effect.
        prefix: What starts the stages.
        folder: Where the checkout lies, under the test's own folder.
    """

    variables: Mapping[str, str]
    seen: Callable[[dict[str, Any], Path], bool]
    prefix: tuple[str, ...] = ()
    folder: str = "elsewhere"


FOREIGN = "a folder in foreign letters"
VARIATIONS = {
    "another folder, deep and with odd letters": Variation(
        {}, lambda told, root: told["folder"] == str(root), folder="a/b/c d/'\"/e/f/g/h"
    ),
    FOREIGN: Variation({}, lambda told, root: told["folder"] == str(root), folder="é/日本"),
    "another time zone": Variation(
        {"TZ": "<+0545>-5:45"}, lambda told, root: told["zone"] == "+0545"
    ),
    "a locale without letters beyond English": Variation(
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        lambda told, root: told["encoding"] not in ("UTF-8", "utf-8"),
    ),
    "a strict umask": Variation(
        {}, lambda told, root: told["umask"] == 0o077, ("sh", "-c", 'umask 077; exec "$@"', "sh")
    ),
    "another order of sets": Variation(
        {"PYTHONHASHSEED": "7"}, lambda told, root: told["hash"] == HASH_WITH_SEED_7
    ),
    "another user with settings at home": Variation(
        {"USER": "somebody", "LOGNAME": "somebody", "HOME": "HOSTILE"},
        lambda told, root: told["user"] == "somebody" and told["home"].endswith("hostile home"),
    ),
    "one core": Variation(
        {}, lambda told, root: told["cores"] == [0], ("taskset", "--cpu-list", "0")
    ),
    "all cores": Variation({}, lambda told, root: len(told["cores"]) == os.cpu_count()),
    "settings of numeric libraries": Variation(
        {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "TF_NUM_INTRAOP_THREADS": "3",
         "NPY_DISABLE_CPU_FEATURES": "X86_V3", "OPENBLAS_CORETYPE": "Prescott"},
        lambda told, root: told["inherited"]["OMP_NUM_THREADS"] == "3"
        and told["environment"]["OMP_NUM_THREADS"] == "1"
        and "TF_NUM_INTRAOP_THREADS" not in told["environment"],
    ),
}  # fmt: skip
HASH_WITH_SEED_7 = int(
    subprocess.run(
        [sys.executable, "-c", "print(hash('a word'))"],
        env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, check=True,
    ).stdout
)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small committed run whose stages tell what they see; tests only read it."""
    project = copy_project(tmp_path_factory.mktemp("small") / "a checkout")
    add_witness(project)
    project.exactcast("run", "--no-prefect", *SMALL, "--name", "small")
    project.commit("a small run")
    return project


def vary(small: Project, tmp_path: Path, variations: Iterable[Variation]) -> None:
    """Run every stage alone under these variations, all at once; the bytes must be the same."""
    variations = list(variations)
    folder = "/".join(variation.folder for variation in variations)
    variables = {k: v for variation in variations for k, v in variation.variables.items()}
    root = tmp_path / folder / "checkout"
    root.parent.mkdir(parents=True)
    small.git("clone", "--quiet", ".", str(root))
    elsewhere, told_in = Project(root), tmp_path / "told"
    told_in.mkdir()
    if "HOME" in variables:
        variables["HOME"] = str(hostile_home(tmp_path))
    prefix = [word for variation in variations for word in variation.prefix]
    for stage in STAGES:
        elsewhere.call(
            *prefix, "python", "-m", f"stages.{stage}", EXACTCAST_WITNESS=str(told_in), **variables
        )
    told = told_by_stages(told_in)
    assert list(told) == STAGES
    for stage, one in told.items():
        assert all(variation.seen(one, root) for variation in variations), (stage, one)
        assert "X86_V3" in one["features"] or not is_promised()
        assert not {"X86_V4", "AVX512_ICL", "AVX512_SPR"} & set(one["features"])
    assert output_hashes(elsewhere) == output_hashes(small)


def test_all_variations_at_once_give_the_same_bytes(small: Project, tmp_path: Path):
    # all cores is not one core, and TensorFlow stops at letters that the locale does not have
    apart = ("all cores", FOREIGN)
    vary(small, tmp_path, [one for name, one in VARIATIONS.items() if name not in apart])


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIATIONS)
def test_each_variation_alone_gives_the_same_bytes(small: Project, tmp_path: Path, name: str):
    vary(small, tmp_path, [VARIATIONS[name]])


def test_a_small_run_of_the_whole_chain_is_proved_on_one_core(small: Project, tmp_path: Path):
    said = small.call("taskset", "--cpu-list", "0", "python", "-m", "pipeline", "verify",
                      "small", EXACTCAST_WITNESS=str(tmp_path))  # fmt: skip
    told = told_by_stages(tmp_path)
    assert list(told) == STAGES
    assert all(one["cores"] == [0] for one in told.values())
    assert all(one["environment"]["EXACTCAST_NO_CHECKPOINTS"] == "1" for one in told.values())
    assert said.splitlines()[-1].startswith("identical: all 20 outputs of small ")


@pytest.mark.slow
@pytest.mark.parametrize("state", ["empty", "warm"])
@pytest.mark.parametrize(
    "way", ["dvc repro", "exactcast run", "exactcast run --no-prefect", "isolated"]
)
def test_every_way_gives_the_same_bytes_with_an_empty_and_a_warm_cache(
    small: Project, tmp_path: Path, way: str, state: str
):
    project, told_in = Project(tmp_path / "a copy"), tmp_path / "told"
    shutil.copytree(small.root, project.root, symlinks=True)
    told_in.mkdir()
    if state == "empty":
        project.forget_outputs()
        assert not (project.root / ".dvc/cache").exists()
    else:
        for path in OUTPUTS:
            (project.root / path).unlink()
    command = {
        "dvc repro": ["dvc", "repro"],
        "isolated": [
            "pipeline.cli.main",
            "run",
            "--no-prefect",
            "--isolated",
            "--name",
            "isolated",
        ],
    }.get(way, ["pipeline.cli.main", *way.split()[1:]])
    project.call("python", "-m", *command, EXACTCAST_WITNESS=str(told_in))

    assert list(told_by_stages(told_in)) == (STAGES if state == "empty" else [])
    if way != "isolated":
        assert output_hashes(project) == output_hashes(small)
    elif state == "empty":
        lock = json.loads(project.exactcast("show", "isolated", "--json"))["record"]["lock"]
        found = {out["path"]: out["md5"] for entry in lock.values() for out in entry["outs"]}
        assert found == output_hashes(small)


@pytest.mark.slow
def test_a_stage_made_dependent_on_the_clock_is_caught_in_the_whole_chain(
    small: Project, tmp_path: Path
):
    project = Project(tmp_path / "a copy")
    shutil.copytree(small.root, project.root, symlinks=True)
    stage = project.root / "stages/evaluate.py"
    text, scale = stage.read_text(), "    standard = fit_scaling("
    assert scale in text
    late = "    found.panel.values[-1] += __import__('time').time() / 1e6\n"
    stage.write_text(text.replace(scale, late + scale))
    project.exactcast("run", "--no-prefect", "--name", "late")

    done = project.attempt("python", "-m", "pipeline", "verify", "late", "--json")
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    apart = {
        out["path"]: out["detail"] for out in verdict["outputs"] if out["verdict"] != "identical"
    }
    assert "reports/scores_by_series.parquet" in apart
    assert re.search(r"largest difference .* at row \d+", apart["reports/scores_by_series.parquet"])
    assert verdict["reasons"] == ["The first stage that differs is 'evaluate'.", UNDECLARED]
