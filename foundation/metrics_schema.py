"""What the stage `evaluate` found, typed: scores.json holds all of it, metrics.json a dozen numbers.

In commits from before there was scores.json, metrics.json holds all of it, by `feature` where it says
`target` now; such runs can still be listed, shown, repeated and verified.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import AliasChoices, Field, model_validator

from foundation.json_content import JsonContent, Number

MODEL = "model"  # the forecaster's name among the baselines
Errors = dict[str, Number]  # by name: mse, rmse, mae, r2

_BY_TARGET: Any = Field(default={}, validation_alias=AliasChoices("by_target", "by_feature"))


class Board(JsonContent):
    """The errors of a forecaster in one unit: averaged over the targets, and of each target."""

    overall: Errors = {}
    by_target: dict[str, Errors] = _BY_TARGET


class ForecasterScores(JsonContent):
    """The errors of a forecaster, in units of the table and in standard deviations of the training rows."""

    raw: Board
    standardised: Board


class BestBaseline(JsonContent):
    """The names of the baselines with the smallest standardised squared error."""

    overall: str
    by_target: dict[str, str] = _BY_TARGET


class Skill(JsonContent):
    """The shares of the best baselines' squared errors that the model removes."""

    overall: Number
    by_target: dict[str, Number] = _BY_TARGET


class Leak(JsonContent):
    """How far training has seen the rows that are tested: a share, and in words."""

    share: float
    sentence: str


class Gaps(JsonContent):
    """The share of missing cells, the windows left out for them, and both in words."""

    filled_share: float
    left_out: int
    sentence: str | None


class Epoch(JsonContent):
    """The epoch whose weights the model has, of how many, and why in words."""

    kept: int
    of: int
    sentence: str | None


class Season(JsonContent):
    """The rows of one season, None where none is known, what a reader should know, and of others."""

    rows: int | None
    sentence: str | None
    others: list[int] = []


class IntervalSummary(JsonContent):
    """The share of the test's values inside the intervals, by level in per cent, and both in words."""

    coverage: dict[str, float]
    sentence: str | None


class Scored(JsonContent):
    """The part that was scored where it was not the test, and a sentence that says so."""

    part: str
    sentence: str | None


class SeriesSummary(JsonContent):
    """Scores of many series.

    Attributes:
        of: How many there are.
        scored: How many have test windows.
        won: On how many of these the model beats every baseline.
        untrained: How many have windows, but none to train on.
        left_out: How many have no window.
        best: The series of the least errors: standardised squared errors by forecaster, by series.
        worst: Those of the greatest.
        sentence: The same in words.
    """

    of: int
    scored: int
    won: int
    untrained: int
    left_out: int
    best: dict[str, Errors]
    worst: dict[str, Errors]
    sentence: str


class Scores(JsonContent):
    """The content of scores.json.

    Attributes:
        targets: Their names, in the order of the series.
        scores: By forecaster: MODEL and the baselines.
        best_baseline: By standardised squared error; None where a commit does not tell.
        skill: Of the model against the best baseline, by the same error.
        leak: How far the test was seen in training.
        gaps: None in commits from before gaps were allowed.
        epoch: None in commits from before an epoch was chosen.
        season: None in commits from before it was reported.
        series: None where there is one series.
        intervals: None in commits from before there were any.
        scored: None where the test was scored.
        windows: How many there are in each part, and `left_out`.
        verdict: What the model is worth, in one sentence.
    """

    targets: list[str] = Field(validation_alias=AliasChoices("targets", "features"))
    scores: dict[str, ForecasterScores]
    best_baseline: BestBaseline | None = None
    skill: Skill
    leak: Leak
    gaps: Gaps | None = None
    epoch: Epoch | None = None
    season: Season | None = None
    series: SeriesSummary | None = None
    intervals: IntervalSummary | None = None
    scored: Scored | None = None
    windows: dict[str, int] = {}
    verdict: str

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse scores without the model, or without a number that the table shows."""
        if MODEL not in self.scores:
            raise ValueError(f"there are no scores of '{MODEL}'")
        if self.best_baseline and self.best_baseline.overall not in self.scores:
            raise ValueError(f"there are no scores of '{self.best_baseline.overall}'")
        told = [set(self.skill.by_target)]
        told += [set(each.raw.by_target) for each in self.scores.values()]
        for target in self.targets:
            if not all(target in each for each in told):
                raise ValueError(f"a score or the skill of the target '{target}' is missing")
        return self

    @property
    def forecasters(self) -> list[str]:
        """The model, then the baselines in the order of the alphabet."""
        return [MODEL, *sorted(name for name in self.scores if name != MODEL)]

    @property
    def sentences(self) -> list[str]:
        """What a reader of the scores has to know, the verdict first."""
        season = self.season if self.season and self.season.rows is None else None
        remarks = [
            self.scored,
            self.leak,
            self.gaps,
            self.epoch,
            season,
            self.series,
            self.intervals,
        ]
        return [self.verdict, *(each.sentence for each in remarks if each and each.sentence)]

    def errors(self, unit: str, error: str, target: str | None) -> dict[str, float | None]:
        """Return one error of every forecaster; None where it is undefined or a commit does not tell it.

        Args:
            unit: `raw` or `standardised`.
            error: Such as `rmse`.
            target: The target; None: all of them, always standardised, since their units differ.
        """
        found = {}
        for name in self.forecasters:
            each = self.scores[name]
            board: Board = getattr(each, unit)
            of_target = each.standardised.overall if target is None else board.by_target[target]
            found[name] = of_target.get(error)
        return found


class Metrics(JsonContent):
    """The content of metrics.json: the numbers that tell one run from another; errors are standardised.

    Each is None where a commit does not tell it. `part` is the part that was scored; None for the test.
    """

    best_baseline_mse: Number = None
    epoch_kept: int | None = None
    epochs: int | None = None
    filled_share: Number = None
    leaked_share: Number = None
    mae: Number = None
    mse: Number = None
    part: str | None = None
    skill: Number = None
    windows: dict[str, int] = {}


def headline(scores: Scores) -> Metrics:
    """Pick the numbers of metrics.json; what a commit does not tell is left out."""
    model = scores.scores[MODEL].standardised.overall
    found: dict[str, Any] = {
        "leaked_share": scores.leak.share,
        "mae": model.get("mae"),
        "mse": model.get("mse"),
        "skill": scores.skill.overall,
        "windows": scores.windows,
    }
    if scores.scored:
        found["part"] = scores.scored.part
    if scores.best_baseline:
        best = scores.scores[scores.best_baseline.overall]
        found["best_baseline_mse"] = best.standardised.overall.get("mse")
    if scores.epoch:
        found |= {"epoch_kept": scores.epoch.kept, "epochs": scores.epoch.of}
    if scores.gaps:
        found["filled_share"] = scores.gaps.filled_share
    return Metrics(**found)


def parse_metrics(content: Mapping[str, Any]) -> Metrics:
    """Read the content of a metrics.json, also of a commit from before there was scores.json."""
    if "scores" in content:
        return headline(Scores.model_validate(content))
    return Metrics.model_validate(content)
