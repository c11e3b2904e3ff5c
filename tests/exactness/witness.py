"""What a stage's process saw, in its own words: a variation that had no effect would show nothing.

The checkout under test gets a few lines behind its seal. They change no output, and write where
EXACTCAST_WITNESS says.
"""

import json
from pathlib import Path
from typing import Any

from pipeline.versioning.cache import content_hash
from tests.support.project import Project

SMALL = ["-S", "simulate.rows=300", "-S", "train.epochs=2", "-S", "model.layers.0.units=8"]
STAGES = [
    "simulate", "ingest", "windowing", "split", "train", "predict", "calibrate", "refit", "evaluate",
    "forecast",
]  # fmt: skip
OUTPUTS = [
    "data/raw/demo.csv", "data/series.parquet", "data/windows.parquet", "data/split.parquet",
    "models/model.keras", "models/inputs.json", "reports/training.csv", "data/predictions.parquet",
    "models/intervals.parquet", "data/newest.parquet", "models/final.keras", "reports/metrics.json",
    "reports/plots/forecast.png", "reports/plots/loss.png", "reports/report.html",
    "reports/scores.json", "reports/scores_by_series.parquet", "forecasts/forecast.csv",
    "forecasts/forecast.parquet", "forecasts/forecast.png",
]  # fmt: skip
LINES = """

def _witness() -> None:
    import getpass, json, locale, os, sys, time
    from pathlib import Path

    folder, umask = os.environ.get("EXACTCAST_WITNESS"), os.umask(0)
    os.umask(umask)
    if folder is None:
        return
    numpy = sys.modules.get("numpy")
    features = numpy._core._multiarray_umath.__cpu_features__ if numpy else {}
    inherited = Path("/proc/self/environ").read_bytes().decode("utf-8", "replace").split("\\0")
    told = {
        "folder": os.getcwd(),
        "zone": time.tzname[0],
        "encoding": locale.getpreferredencoding(False),
        "umask": umask,
        "hash": hash("a word"),
        "home": str(Path.home()),
        "user": getpass.getuser(),
        "cores": sorted(os.sched_getaffinity(0)),
        "inherited": dict(line.split("=", 1) for line in inherited if "=" in line),
        "environment": dict(os.environ),
        "features": sorted(name for name, enabled in features.items() if enabled),
    }
    name = Path(sys.argv[0]).stem
    (Path(folder) / f"{name}.json").write_text(json.dumps(told))


__import__("atexit").register(_witness)
"""


def add_witness(project: Project) -> None:
    """Let the stages of a checkout tell what they see."""
    with (project.root / "stages/__init__.py").open("a") as seal:
        seal.write(LINES)


def told_by_stages(folder: Path) -> dict[str, dict[str, Any]]:
    """Read what each stage that ran has said."""
    files = {stage: folder / f"{stage}.json" for stage in STAGES}
    return {stage: json.loads(file.read_text()) for stage, file in files.items() if file.exists()}


def output_hashes(project: Project) -> dict[str, str | None]:
    """Hash every output that lies in a checkout."""
    return {path: content_hash(project.root / path) for path in OUTPUTS}
