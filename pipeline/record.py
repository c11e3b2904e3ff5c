"""The record of a run: what it was made from, what it made, where and how. It is no stage output."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.graph import Graph
from pipeline.lockfile import read_lock


def make_record(
    root: Path,
    graph: Graph,
    *,
    name: str,
    commit: str,
    overrides: tuple[str, ...],
    started: float,
    seconds: Mapping[str, float],
    states: Mapping[str, str],
    watched_by: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe a run that has just finished in `root`.

    Args:
        root: Its checkout.
        graph: Its stages.
        name: Of the experiment that keeps it.
        commit: What it started from.
        overrides: `key=value` changes of params.yaml.
        started: When, in seconds since 1970.
        seconds: How long each stage took.
        states: How each stage ended.
        watched_by: Identifiers of who watched it, such as Prefect's.
    """
    return {
        "name": name,
        "commit": commit,
        "overrides": list(overrides),
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": dict(seconds),
        "states": dict(states),
        "lock": {name: read_lock(root)[name] for name in graph.needed()},
        "watched_by": dict(watched_by),
    }


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """Write a record as JSON with sorted keys."""
    return (json.dumps(record, indent=2, sort_keys=True) + "\n").encode()


def read_metrics(root: Path) -> dict[str, Any]:
    """Read the scores of the last run."""
    content: dict[str, Any] = json.loads((root / "reports/metrics.json").read_text("utf-8"))
    return content
