"""The table of scores, as the terminal, Prefect's page and the report show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foundation.metrics_schema import MODEL, Scores
from foundation.number_format import format_number

OVERALL = "all, standardised"
BEFORE = "run before"


@dataclass(frozen=True)
class Group:
    """What a row tells of: the windows, steps and targets over which errors are averaged.

    Attributes:
        name: Such as a target's.
        errors: By forecaster, the model first; None where an error is undefined.
        skill: Of the model against the best baseline; None where it is undefined.
    """

    name: str
    errors: Mapping[str, float | None]
    skill: float | None


@dataclass(frozen=True)
class ScoreTable:
    """A table of texts: a name, the errors of model and baselines, and the model's skill.

    Attributes:
        header: What each column holds; the first is the error.
        rows: The cells, one row for each group.
        wins: For each row, whether the model beats every baseline.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wins: tuple[bool, ...]

    def records(self) -> list[dict[str, str]]:
        """List the rows as mappings from column to cell."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


def row_name(target: str | None) -> str:
    """Name the row of a target; None is that of all targets."""
    return OVERALL if target is None else target


def score_table(
    groups: Sequence[Group],
    *,
    error: str,
    skill: str = "mse",
    before: Mapping[str, float | None] | None = None,
) -> ScoreTable:
    """Lay out the errors of several groups.

    Args:
        groups: At least one, all with the same forecasters.
        error: Which error the groups hold, such as `rmse`.
        skill: The error by which their skill is measured.
        before: The model's errors in the run before, by the name of the group; None: no such column.
    """
    names = [name.replace("_", " ") for name in groups[0].errors]
    header = [error.upper(), *names, f"skill ({skill.upper()})"]
    rows = [
        [group.name, *map(format_number, [*group.errors.values(), group.skill])] for group in groups
    ]
    if before is not None:
        header.insert(2, BEFORE)
        for group, row in zip(groups, rows, strict=True):
            known = group.name in before
            row.insert(2, format_number(before[group.name]) if known else "-")
    wins = tuple(group.skill is not None and group.skill > 0 for group in groups)
    return ScoreTable(tuple(header), tuple(map(tuple, rows)), wins)


def rmse_table(scores: Scores, before: Scores | None = None) -> ScoreTable:
    """Lay out the RMSE of each target in its unit, and the skill by squared error.

    Args:
        scores: Of a run.
        before: Of the run before, for a column of its own.
    """
    groups = [
        Group(
            row_name(target),
            scores.errors("raw", "rmse", target),
            scores.skill.overall if target is None else scores.skill.by_target[target],
        )
        for target in [*scores.targets, None]
    ]
    return score_table(groups, error="rmse", before=_model_rmse(before) if before else None)


def _model_rmse(scores: Scores) -> dict[str, float | None]:
    return {
        row_name(target): scores.errors("raw", "rmse", target)[MODEL]
        for target in [*scores.targets, None]
    }
