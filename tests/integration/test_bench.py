"""The benchmarks run and fill their table; how fast anything is, no test asks."""

import os
import re
import subprocess
import sys

import pytest

from pipeline.versioning.graph import load_graph
from tests.support.project import ROOT

ROWS = [
    "epoch of exactcast, sealed, one thread",
    "epoch of exactcast, unsealed, TensorFlow's own threads",
    "epoch of `model.fit`, unsealed, TensorFlow's own threads",
    "epoch of `model.fit`, sealed, one thread",
    "epoch of `model.fit`, unsealed, with `use_cudnn=False, jit_compile=True`",
    "exactcast, unsealed, TensorFlow's own threads: times our epoch",
    "`model.fit`, unsealed, TensorFlow's own threads: times our epoch",
    "`model.fit`, sealed, one thread: times our epoch",
    "`model.fit`, unsealed, with `use_cudnn=False, jit_compile=True`: times our epoch",
    "PyTorch: times our epoch",
    "checkpoints: share of the time of 3 epochs",
    "peak memory added by `fit` alone",
    "peak memory added by the whole train stage",
    *(
        f"20 series x 200 rows x 3 columns: stage `{name}`"
        for name in load_graph(ROOT).order()
        if name != "simulate"
    ),
    "1 series x 4,000 rows x 3 columns: stage `ingest`",
    *(f"stage `{name}`" for name in load_graph(ROOT).order()),
    "in `train`: to the end of the first epoch",
    "in `train`: 3 epochs",
    "in `train`: storing",
    "`dvc repro --force --no-run-cache`, 3 epochs",
    "of it, everything but the epochs",
    "`dvc repro`, nothing changed",
    "`exactcast run --no-prefect`, nothing changed",
    "`exactcast status`, nothing changed",
    "`exactcast verify`, 3 epochs, the environment being there",
    "`exactcast forecast`, stored",
    "start of TensorFlow and Keras",
    "`exactcast forecast --input TABLE`: more than a start",
    *(
        f"20 series x 24 steps, stored: `exactcast forecast --format {how}`"
        for how in ("csv", "json", "parquet")
    ),
    "20 series x 24 steps and one more: `exactcast forecast --h 25`",
    "`exactcast run --no-prefect`, six stages",
    "what Prefect adds to it, with a server up",
    "what Prefect adds to it, without one",
    "the same, the first time",
    "from the time of a schedule to its first stage",
]


@pytest.mark.slow
def test_the_benchmarks_fill_every_row_and_the_page_names_the_machine_but_not_whose(tmp_path):
    page = tmp_path / "benchmarks.md"
    without_torch = {k: v for k, v in os.environ.items() if k != "EXACTCAST_TORCH_PYTHON"}
    subprocess.run(
        [sys.executable, "-m", "bench.run", "--quick", "--output", str(page)],
        cwd=ROOT, env=without_torch, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    text = page.read_text()
    table, machine = text.split("| measure |")[1].split("| machine |")
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if " | " in line][1:]
    found = {line[0]: line[-1] for line in cells if "---" not in line[0]}

    assert len(found) == len(ROWS)
    for row in ROWS:
        (figure,) = [text for measure, text in found.items() if measure.startswith(row)]
        if row.startswith("PyTorch"):
            assert figure.startswith("torch not installed")
        else:
            assert float(re.match(r"-?[\d.]+", figure)[0]) > 0, row
    for name in ("processor", "cores", "memory", "tensorflow", "keras", "numpy", "dvc", "torch"):
        assert f"| {name} | " in machine
    assert str(ROOT) not in text and os.uname().nodename not in machine
