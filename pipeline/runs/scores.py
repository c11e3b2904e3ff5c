"""What the stage `evaluate` found: all of it in scores.json, and a dozen numbers in metrics.json.

In commits from before there was scores.json, metrics.json holds all of it, by `feature` where it says
`target` now; such runs can still be listed, shown, repeated and verified.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundation import paths
from foundation.errors import DamagedInCacheError, MissingFromCacheError, SetupError
from pipeline.versioning.cache import kept_file
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import experiments
from pipeline.versioning.lockfile import committed_lock, hashes

SCORES, METRICS = paths.SCORES.as_posix(), paths.METRICS.as_posix()  # as dvc.yaml has them
MODEL = "model"
OVERALL = "all, standardised"


def number(value: float | None) -> str:
    """Write a number with four digits."""
    return "undefined" if value is None else f"{value:.4g}"


@dataclass(frozen=True)
class Scores:
    """The content of scores.json, by name.

    Attributes:
        content: As it was read.
    """

    content: Mapping[str, Any]

    @property
    def targets(self) -> list[str]:
        """The columns that are forecast."""
        return list(self.content["targets" if "targets" in self.content else "features"])

    @property
    def baselines(self) -> list[str]:
        """Return the names of what the model is compared with."""
        return sorted(name for name in self.content["scores"] if name != MODEL)

    @property
    def verdict(self) -> str:
        """What the model is worth, in a sentence."""
        return str(self.content["verdict"])

    @property
    def sentences(self) -> list[str]:
        """What a reader of the table has to know, the verdict first."""
        season = self.content.get("season") or {"rows": 1}
        found = [self.content["leak"], self.content.get("gaps"), self.content.get("epoch")]
        found.append(season if season["rows"] is None else None)
        return [self.verdict, *(each["sentence"] for each in found if each and each["sentence"])]

    def rmse(self, name: str, target: str | None) -> float | None:
        """Return the error of the model or a baseline.

        Args:
            name: `model`, or the baseline's name.
            target: In the unit of this target; None: of all targets, standardised.
        """
        units = self.content["scores"][name]
        board = (
            units["standardised"]["overall"] if target is None else self._of(units["raw"], target)
        )
        found: float | None = board["rmse"]
        return found

    def skill(self, target: str | None) -> float | None:
        """Return the skill for a target, or over all of them; None where it is undefined."""
        skill = self.content["skill"]
        found: float | None = skill["overall"] if target is None else self._of(skill, target)
        return found

    def _of(self, part: Mapping[str, Any], target: str) -> Any:
        return part["by_target" if "targets" in self.content else "by_feature"][target]


def read_scores(checkout: Checkout) -> Scores:
    """Read what the last run of a checkout found.

    Raises:
        SetupError: Its stages make no such file.
    """
    graph = checkout.graph
    made = {path for name in graph.needed() for path in graph.stages[name].outs}
    path = next((each for each in (SCORES, METRICS) if each in made), None)
    if path is None:
        raise SetupError(f"No stage of dvc.yaml makes {SCORES}, which a run ends with. Add it.")
    return Scores(json.loads((checkout.root / path).read_text("utf-8")))


def read_metrics(checkout: Checkout) -> dict[str, Any]:
    """Read the numbers of the last run of a checkout."""
    content: dict[str, Any] = json.loads((checkout.root / METRICS).read_text("utf-8"))
    return content


def scores_before(checkout: Checkout) -> Scores | None:
    """Find the scores of the newest kept run, or of the commit; None where DVC's cache lacks them."""
    kept = experiments(checkout)
    lock = committed_lock(checkout.root, kept[-1].commit if kept else "HEAD")
    made = {path: md5 for entry in lock.values() for path, md5 in hashes(entry, "outs").items()}
    if SCORES not in made:
        return None
    try:
        return Scores(json.loads(kept_file(checkout.cache, made[SCORES]).read_text("utf-8")))
    except (MissingFromCacheError, DamagedInCacheError):
        return None


def score_rows(scores: Scores, before: Scores | None = None) -> list[dict[str, str]]:
    """List the model's RMSE by target, next to that of the run before and those of the baselines."""
    return [_score_row(scores, before, target) for target in [*scores.targets, None]]


def _score_row(scores: Scores, before: Scores | None, target: str | None) -> dict[str, str]:
    row = {"RMSE": target or OVERALL, MODEL: number(scores.rmse(MODEL, target))}
    if before is not None:
        known = target is None or target in before.targets
        row["run before"] = number(before.rmse(MODEL, target)) if known else "-"
    row |= {name.replace("_", " "): number(scores.rmse(name, target)) for name in scores.baselines}
    return row | {"skill (MSE)": number(scores.skill(target))}


def numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """List the numbers of a metrics.json as it names them today, also those of commits from before."""
    if "scores" not in metrics:
        return dict(metrics)
    errors = {name: units["standardised"]["overall"] for name, units in metrics["scores"].items()}
    best = metrics.get("best_baseline", {}).get("overall")
    found = {
        "best_baseline_mse": errors.get(best, {}).get("mse"),
        "leaked_share": metrics.get("leak", {}).get("share"),
        "mae": errors.get(MODEL, {}).get("mae"),
        "mse": errors.get(MODEL, {}).get("mse"),
        "skill": metrics.get("skill", {}).get("overall"),
        "windows": metrics.get("windows"),
    }
    return {name: value for name, value in found.items() if value is not None}
