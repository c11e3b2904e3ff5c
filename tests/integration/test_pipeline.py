"""The whole chain, small, as a person runs it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from tests.support.predictions import predictions_of
from tests.support.project import QUICK, Project, error_of

STAGES = [
    "simulate", "ingest", "windowing", "split", "train", "predict", "calibrate", "evaluate", "refit",
    "forecast",
]  # fmt: skip


def test_a_run_ends_with_scores_places_and_a_verdict_and_a_second_one_reproduces_it(
    project: Project,
):
    first = project.exactcast("run", *QUICK)
    assert "new inputs, nothing to compare with" in first
    assert "git commit" in first
    assert "epoch 2/2 loss=" in first
    for word in ("oil", "repeat last", "seasonal naive", "training mean", "skill", "Leak: "):
        assert word in first
    assert "models/model.keras" in first
    assert "reports/report.html" in first
    project.commit("keep this run")

    project.forget_outputs()
    assert not (project.root / "models/model.keras").exists()
    second = project.exactcast("run", "--no-prefect")
    assert "identical: all 20 outputs equal the committed dvc.lock" in second
    assert "(10 of 10 stages ran)" in second
    assert project.git("status", "--porcelain") == ""

    third = project.exactcast("run")
    assert "up to date: outputs match dvc.lock; nothing ran (exactcast verify" in third
    assert "identical" not in third
    assert "up to date" in project.dvc("repro")
    assert json.loads(project.dvc("status", "--json")) == {}
    project.dvc("repro", "--force", "--no-run-cache")
    assert project.git("status", "--porcelain") == ""


def test_the_lock_lists_the_stages_in_the_order_of_dvc_yaml_and_forgets_those_that_are_gone(
    copied: Project,
):
    lock = copied.root / "dvc.lock"
    canonical = lock.read_bytes()
    content = YAML().load(lock)
    stages = dict(content["stages"])
    content["stages"] = {"gone": dict(stages["simulate"])} | dict(reversed(stages.items()))
    YAML().dump(content, lock)
    assert lock.read_bytes() != canonical

    copied.exactcast("run", "--no-prefect")
    assert lock.read_bytes() == canonical


def test_status_follows_a_change_to_everything_that_stands_on_it(copied: Project):
    assert "Everything is up to date." in copied.exactcast("status")

    params = copied.root / "params.yaml"
    params.write_text(params.read_text().replace("stride: 1 ", "stride: 2 "))
    statuses = {s["stage"]: s for s in json.loads(copied.exactcast("status", "--json"))}
    assert [name for name in STAGES if statuses[name]["out_of_date"]] == STAGES[2:]
    assert statuses["windowing"]["reasons"] == ["windowing.stride 1 -> 2"]
    assert "split is out of date" in statuses["train"]["reasons"]


def test_the_status_of_a_fresh_clone_ends_with_what_to_do(project: Project):
    assert project.exactcast("status").splitlines()[-1] == (
        "Next: exactcast run makes everything here."
    )
    project.dvc("remote", "add", "--quiet", "--default", "store", str(project.root / "store"))
    assert project.exactcast("status").splitlines()[-1] == (
        "Next: dvc pull fetches what the commit recorded, or exactcast run makes it here."
    )


def test_a_chronological_run_is_honest_and_a_border_moved_in_its_artifacts_is_caught(
    copied: Project,
):
    said = copied.exactcast("run", "--no-prefect", "-S", "split.method=chronological")
    assert "No tested row lies in a training window" in said
    metrics = json.loads(copied.read("reports/metrics.json"))
    assert metrics["leaked_share"] == 0
    # 600 rows: borders at 360 and 480; a gap of 24 before each
    assert metrics["windows"] == {
        "train": 312, "validation": 50, "calibration": 46, "test": 120, "left_out": 0,
    }  # fmt: skip

    split = pq.read_table(copied.root / "data/split.parquet").to_pandas()
    first = split.index[split["part"] == "validation"][0]
    last = split.index[split["part"] == "train"][-1]
    before = copied.read("reports/metrics.json")
    for row, part, sentence in [
        (first - 1, "validation", "the train part reaches to row 336, and the validation part is "
                                  "scored from row 359, less than the gap of 24"),
        (last + 1, "train", "the model is scaled by"),  # its training rows are others now
    ]:  # fmt: skip
        moved = split.astype({"part": str})
        moved.loc[row, "part"] = part
        moved.to_parquet(copied.root / "data/split.parquet")
        caught = copied.attempt("python", "-m", "stages.predict")
        assert caught.returncode == 1
        assert f"error: Leak: {sentence}" in caught.stdout
    assert copied.read("reports/metrics.json") == before


def test_a_workspace_that_cannot_be_written_is_one_sentence(copied: Project):
    lock = copied.root / ".dvc/tmp/exactcast/lock"
    lock.unlink()
    lock.mkdir()  # as little writable as a file without permission, for root as well
    failed = copied.attempt("python", "-m", "pipeline", "run")
    assert failed.returncode == 1
    assert "lock could not be locked: Is a directory. Free space, correct" in error_of(failed)
    assert len(error_of(failed).splitlines()) == 1


def test_a_failing_stage_is_one_sentence_and_exit_code_1(project: Project):
    (project.root / "data/raw/mine.csv").write_text("date,a\n2024-01-01,1\n2024-01-02,x\n")
    failed = project.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "-S", "ingest.raw=data/raw/mine.csv"
    )
    assert failed.returncode == 1
    last = failed.stdout.strip().splitlines()[-1]
    assert last.startswith("error: Stage 'ingest' failed. ")
    assert "'x'" in last
    assert "row 2" in last
    assert "Traceback" not in failed.stdout
    assert "simulate" not in failed.stdout  # the demo table is not asked for


def test_a_wrong_override_changes_nothing(project: Project):
    before = project.read("params.yaml")
    failed = project.attempt("python", "-m", "pipeline", "run", "-S", "train.epochs=none",
                             "-S", "split.test_size=2")  # fmt: skip
    assert failed.returncode == 1
    assert "train.epochs: " in failed.stdout
    assert "split.test_size: " in failed.stdout
    assert project.read("params.yaml") == before


def test_an_override_that_names_a_missing_table_changes_nothing(project: Project):
    before = project.read("params.yaml")
    failed = project.attempt(
        "python", "-m", "pipeline", "run", "-S", "ingest.raw=data/raw/none.csv"
    )
    assert error_of(failed) == (
        "error: data/raw/none.csv, which the run reads, does not exist. Put the table there and "
        "`dvc add data/raw/none.csv`, or name another with ingest.raw.\n"
    )
    assert project.read("params.yaml") == before


def test_the_model_loads_without_this_project_and_predicts_in_raw_units(
    finished: Project, tmp_path
):
    shutil.copy(finished.root / "models/model.keras", tmp_path)
    series = pq.read_table(finished.root / "data/series.parquet").to_pandas()
    predictions = predictions_of(finished.root, n_steps=1)
    first = predictions[predictions["origin"] == predictions["origin"].iloc[0]]
    stop = series.index.get_loc(first["origin"].iloc[0]) + 1
    np.save(tmp_path / "window.npy", series.to_numpy()[None, stop - 24 : stop])
    script = (
        "import sys, numpy, keras\n"
        "model = keras.models.load_model('model.keras')\n"
        "numpy.save('forecast.npy', model(numpy.load('window.npy')))\n"
        "assert not {'forecasting', 'stages', 'pipeline'} & set(sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, capture_output=True
    )

    forecast = np.load(tmp_path / "forecast.npy")
    assert forecast.dtype == np.float64
    np.testing.assert_allclose(forecast.ravel(), first["forecast"], rtol=1e-5)


def test_the_whole_chain_runs_on_etth1(project: Project, etth1):
    shutil.copy(etth1, project.root / "data/raw/ETTh1.csv")
    project.dvc("add", "data/raw/ETTh1.csv")
    said = project.exactcast(
        "run", "--no-prefect", "-S", "ingest.raw=data/raw/ETTh1.csv", "-S", "train.epochs=1",
        "-S", "train.batch_size=64",
    )  # fmt: skip
    assert "data/raw/ETTh1.csv, 17420 rows x 7 features" in said
    assert "split: 13916 train, 3480 test" in said
    metrics = json.loads(project.read("reports/metrics.json"))
    scores = json.loads(project.read("reports/scores.json"))
    assert scores["targets"] == ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert scores["scores"]["model"]["standardised"]["overall"]["mse"] == metrics["mse"] < 0.25
    assert metrics["leaked_share"] > 0.99


def test_data_and_models_travel_through_a_remote_and_give_the_same_bytes(copied: Project, tmp_path):
    shutil.copy(copied.root / "data/raw/demo.csv", copied.root / "data/raw/station.csv")
    copied.dvc("add", "data/raw/station.csv")
    copied.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    copied.exactcast("run", "--no-prefect", "-S", "ingest.raw=data/raw/station.csv")
    copied.commit("my own table")
    copied.dvc("push")
    assert "note:" not in copied.exactcast("run", "--no-prefect")

    copied.call("git", "clone", "--quiet", ".", str(tmp_path / "a clone"))
    clone = Project(tmp_path / "a clone")
    missing = clone.attempt("python", "-m", "pipeline", "run")
    assert missing.returncode == 1
    assert error_of(missing) == (
        "error: data/raw/station.csv, which the run reads, does not exist. Fetch it: dvc pull "
        "data/raw/station.csv\n"
    )

    clone.dvc("pull", "data/raw/station.csv")
    assert "identical: all 19 outputs" in clone.exactcast("run", "--no-prefect")
    assert clone.read("models/model.keras") == copied.read("models/model.keras")
    assert clone.git("status", "--porcelain") == ""
