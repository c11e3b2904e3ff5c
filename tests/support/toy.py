"""A project of three quick stages around the real machinery, with a raw table that DVC keeps."""

import json
from pathlib import Path
from typing import Any

from tests.support.project import Project, copy_project

GRAPH = """
stages:
  prepare:
    cmd: python make.py prepare
    deps: [make.py, requirements.lock, data/raw/mine.csv]
    outs: [data/series.parquet]
  train:
    cmd: python make.py train
    deps: [make.py, requirements.lock, data/series.parquet]
    params: [seed]
    outs: [models/model.keras]
  evaluate:
    cmd: python make.py evaluate
    deps: [make.py, requirements.lock, models/model.keras]
    outs: [reports/predictions.parquet, reports/scores.json]
    metrics: [reports/metrics.json: {cache: false}]
"""
MAKE = """
import json, sys, time, zipfile
from pathlib import Path
import pyarrow.csv, pyarrow.parquet
from ruamel.yaml import YAML

CLOCK = 0  # a test changes this
series, model = Path("data/series.parquet"), Path("models/model.keras")
if sys.argv[1] == "prepare":
    pyarrow.parquet.write_table(pyarrow.csv.read_csv("data/raw/mine.csv"), series)
if sys.argv[1] == "train":
    model.parent.mkdir(exist_ok=True)
    total = sum(pyarrow.parquet.read_table(series)["oil"].to_pylist())
    with zipfile.ZipFile(model, "w") as packed:
        weights = {"weight": total / 3 + YAML(typ="safe").load(Path("params.yaml"))["seed"]}
        packed.writestr(zipfile.ZipInfo("config.json"), json.dumps(weights))
if sys.argv[1] == "evaluate":
    weight = json.loads(zipfile.ZipFile(model).read("config.json"))["weight"] + CLOCK
    table = pyarrow.table({"forecast": [weight, 2 * weight]})
    pyarrow.parquet.write_table(table, "reports/predictions.parquet")
    error = {"overall": {"mse": weight / 100, "rmse": weight}}
    board = {"standardised": error, "raw": {"by_target": {"oil": {"rmse": weight}}}}
    scores = {"targets": ["oil"], "scores": {"model": board, "ridge": board}}
    scores["skill"] = {"overall": 0.5, "by_target": {"oil": 0.5}}
    scores |= {"verdict": "The toy wins.", "leak": {"share": 0, "sentence": "Leak: none."}}
    Path("reports/scores.json").write_text(json.dumps(scores))
    metrics = {"mse": weight / 100, "skill": 0.5}
    Path("reports/metrics.json").write_text(json.dumps(metrics))
print("made", sys.argv[1])
"""
OUTPUTS = [
    "data/series.parquet", "models/model.keras", "reports/metrics.json",
    "reports/predictions.parquet", "reports/scores.json",
]  # fmt: skip


def make_toy(folder: Path) -> Project:
    """Make the project, with a committed run and two kept ones.

    `first` is what HEAD holds, kept on its parent; `second` has another seed; `mine` has yet another
    one and was kept by hand, so that nobody recorded it.
    """
    toy = copy_project(folder)
    (toy.root / "dvc.yaml").write_text(GRAPH)
    (toy.root / "make.py").write_text(MAKE)
    (toy.root / "data/raw/mine.csv").write_text("date,oil\n2024-01-01,1.5\n2024-01-02,2.5\n")
    (toy.root / "dvc.lock").unlink()
    toy.dvc("add", "--quiet", "data/raw/mine.csv")
    toy.commit("another graph")
    run(toy, "--name", "first")
    toy.commit("the first run")
    run(toy, "-S", "seed=7", "--name", "second")
    back(toy)
    params = toy.root / "params.yaml"
    params.write_text(params.read_text().replace("seed: 42 ", "seed: 8 ", 1))
    toy.dvc("repro", "--quiet")
    toy.dvc("exp", "save", "--name", "mine")
    back(toy)
    return toy


def back(toy: Project) -> None:
    """Bring the workspace back to its commit."""
    toy.git("restore", ".")
    toy.dvc("checkout", "--quiet", "--force")


def run(toy: Project, *arguments: str) -> dict[str, Any]:
    """Run the toy; return what the run printed as JSON."""
    said: dict[str, Any] = json.loads(toy.exactcast("run", "--no-prefect", "--json", *arguments))
    return said
