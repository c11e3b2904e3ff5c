"""The scores of a run and of the one before, read from what the stage `evaluate` made."""

from typing import Any

from pydantic import ValidationError

from foundation import paths
from foundation.errors import DamagedInCacheError, MissingFromCacheError, SetupError
from foundation.json_content import first_problem, json_object
from foundation.metrics_schema import Scores, parse_metrics
from pipeline.versioning.cache import kept_file
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import trained
from pipeline.versioning.lockfile import committed_lock, hashes

SCORES, METRICS = paths.SCORES.as_posix(), paths.METRICS.as_posix()  # as dvc.yaml has them


def read_scores(checkout: Checkout) -> Scores:
    """Read what the last run of a checkout found.

    Raises:
        SetupError: Its stages make no such file, or one with other content.
    """
    graph = checkout.graph
    made = {path for name in graph.needed() for path in graph.stages[name].outs}
    path = next((each for each in (SCORES, METRICS) if each in made), None)
    if path is None:
        raise SetupError(f"No stage of dvc.yaml makes {SCORES}, which a run ends with. Add it.")
    try:
        return Scores.model_validate(json_object((checkout.root / path).read_bytes()))
    except ValidationError as invalid:
        raise _unreadable(path, invalid) from None


def read_metrics(checkout: Checkout) -> dict[str, Any]:
    """Read metrics.json as the last run of a checkout wrote it.

    Raises:
        SetupError: A number of it is not one.
    """
    content = json_object((checkout.root / METRICS).read_bytes())
    try:
        parse_metrics(content)
    except ValidationError as invalid:
        raise _unreadable(METRICS, invalid) from None
    return content


def _unreadable(path: str, invalid: ValidationError) -> SetupError:
    return SetupError(
        f"{path} is not what a run ends with: {first_problem(invalid)}. Correct the stage that makes "
        "it: docs/reference/artifacts.md describes the file."
    )


def scores_before(checkout: Checkout) -> Scores | None:
    """Find the scores of the newest kept run, or of the commit; None where they cannot be read in DVC's cache."""
    kept = trained(checkout)
    lock = committed_lock(checkout.root, kept[-1].commit if kept else "HEAD")
    made = {path: md5 for entry in lock.values() for path, md5 in hashes(entry, "outs").items()}
    if SCORES not in made:
        return None
    try:
        return Scores.model_validate(
            json_object(kept_file(checkout.cache, made[SCORES]).read_bytes())
        )
    except (MissingFromCacheError, DamagedInCacheError, ValidationError):
        return None
