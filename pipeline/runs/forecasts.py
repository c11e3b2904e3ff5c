"""The forecasts that are kept, and what became of them: a sealed child compares them with newer tables."""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foundation import paths
from foundation.errors import DamagedInCacheError, MissingFromCacheError
from pipeline.runs.history import Run, kept_runs
from pipeline.versioning.cache import kept_file
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask
from pipeline.versioning.lockfile import Entries, committed_lock, hashes

FORECAST, SERIES = paths.FORECAST.as_posix(), paths.SERIES.as_posix()  # as dvc.yaml has them


@dataclass(frozen=True)
class KeptForecast:
    """A forecast that a run made, and how good it was as far as that is known.

    Attributes:
        run: The name of the run.
        when: When the run started, in UTC, as ISO 8601 has it.
        model: The run whose model it is: another one where newer rows were forecast.
        missing: Why nothing else is known of it; None if it is.
        first: Its first time, as `ds` has it; None if it is empty.
        last: Its last time.
        series: How many series it has; in a wide table each target is one.
        steps: How many it has of each.
        values: How many it has in all.
        known: Of how many is known what happened.
        mae: By target, their mean absolute error; empty where none is known.
        coverage: By level in per cent, the share of them inside their interval; None where none is known.
    """

    run: str
    when: str
    model: str
    missing: str | None = None
    first: str | None = None
    last: str | None = None
    series: int = 0
    steps: int = 0
    values: int = 0
    known: int = 0
    mae: dict[str, float] = field(default_factory=dict)
    coverage: dict[str, float | None] = field(default_factory=dict)


def kept_forecasts(checkout: Checkout) -> tuple[list[KeptForecast], list[str]]:
    """Describe the forecast of every kept run that made one, the newest last.

    What happened since is looked up in the newest tables at hand: the one that was forecast from last,
    the series of the workspace, and those of the newest run with a model of its own.

    Returns:
        The forecasts, and a sentence for each table that cannot be read.

    Raises:
        SetupError: The comparison failed.
    """
    runs = kept_runs(checkout, forecasts=True)
    made = [(run, md5) for run in runs if (md5 := _made(checkout, run).get(FORECAST))]
    at_hand, missing = _in_cache(checkout, sorted({md5 for _, md5 in made}))
    told, unread = _ask(checkout, at_hand, runs) if at_hand else ({}, [])
    kept = [
        KeptForecast(run.name, run.when, _model(run), missing=missing.get(md5), **told.get(md5, {}))
        for run, md5 in made
    ]
    return kept, unread


def _model(run: Run) -> str:
    source = run.record.forecast if run.record else None
    return source.model if source else run.name


def _made(checkout: Checkout, run: Run) -> dict[str, str]:
    """Map what a run made to its hash."""
    lock: Entries = run.record.lock if run.record else committed_lock(checkout.root, run.commit)
    return {path: md5 for entry in lock.values() for path, md5 in hashes(entry, "outs").items()}


def _in_cache(checkout: Checkout, wanted: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Find files by their hashes in DVC's cache; return their paths, and why others are not there."""
    found, missing = {}, {}
    for md5 in wanted:
        try:
            found[md5] = str(kept_file(checkout.cache, md5))
        except MissingFromCacheError:
            missing[md5] = "It is not in DVC's cache. Fetch it: dvc exp pull, dvc fetch."
        except DamagedInCacheError as damaged:
            missing[md5] = str(damaged)
    return found, missing


def _ask(
    checkout: Checkout, forecasts: dict[str, str], runs: Sequence[Run]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Ask a sealed child what became of forecasts, each by its hash."""
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            *_newest_input(checkout, runs, Path(folder)),
            *({"path": path, "params": None} for path in _series(checkout, runs)),
        ]
        path = Path(folder) / "request.json"
        path.write_text(json.dumps({"forecasts": forecasts, "tables": tables}), encoding="utf-8")
        command = [sys.executable, "-m", "stages.storage.realised", str(path)]
        said = ask(checkout.root, command, name="Comparing forecasts with what happened since")
    answer = json.loads(said.splitlines()[-1])
    return answer["forecasts"], answer["unread"]


def _newest_input(checkout: Checkout, runs: Sequence[Run], folder: Path) -> list[dict[str, Any]]:
    """Find the table that was forecast from last, and give it its name back, by which it is read."""
    records = [run.record for run in runs if run.record and run.record.forecast]
    for record in records[-1:]:
        assert record.forecast is not None
        for path in _in_cache(checkout, [record.forecast.input])[0].values():
            named = folder / Path(record.forecast.table).name
            named.symlink_to(path)
            return [{"path": str(named), "params": record.parameters}]
    return []


def _series(checkout: Checkout, runs: Sequence[Run]) -> list[str]:
    """List the series of the workspace, and of the newest run with a model of its own."""
    here = checkout.root / SERIES
    newest = [run for run in runs if run.record is None or run.record.forecast is None][-1:]
    wanted = [md5 for run in newest if (md5 := _made(checkout, run).get(SERIES))]
    kept, _ = _in_cache(checkout, wanted)
    return [*([str(here)] if here.is_file() else []), *kept.values()]
