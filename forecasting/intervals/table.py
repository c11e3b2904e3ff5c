"""Intervals as a table: one row for each target, step and level."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.intervals.calibrate import Calibrated
from forecasting.intervals.conformal import least_errors

SHOWN = 5  # steps in the report's table
VALUE, MEAN_STEP = "value", "mean step"  # units of offsets: that of the target, or of the window


def interval_table(
    found: Calibrated,
    *,
    levels: Sequence[float],
    targets: Sequence[str],
    first_step: int,
    scaled: bool,
) -> pd.DataFrame:
    """List the offsets of each level, and how they did where they were tried.

    Args:
        found: Of some steps.
        levels: In per cent.
        targets: Names.
        first_step: Which of the forecast's steps is the first of these.
        scaled: Whether offsets are in units of the window's own mean absolute step.
    """
    n_levels, n_steps, n_targets = found.alphas.shape
    numbers = np.indices((n_targets, n_steps, n_levels)).reshape(3, -1)
    unit = np.full(numbers.shape[1], int(scaled))
    return pd.DataFrame(
        {
            "target": pd.Categorical.from_codes(numbers[0], categories=list(targets)),
            "step": first_step + numbers[1],
            "level": np.array(levels, dtype=np.float64)[numbers[2]],
            "lower": _column(found.offsets[:, 0]),
            "upper": _column(found.offsets[:, 1]),
            "unit": pd.Categorical.from_codes(unit, categories=[VALUE, MEAN_STEP]),
            "outside": _column(found.alphas),
            "errors": _column(np.broadcast_to(found.counts, found.alphas.shape)),
            "tried": _column(found.tried.counts),
            "coverage": _column(found.tried.coverage),
            "mean_width": _column(found.tried.mean_width),
        }
    )


def _column(values: np.ndarray) -> np.ndarray:
    """Order (levels, steps, targets) by target, step and level."""
    return values.transpose(2, 1, 0).ravel()


def sort_intervals(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of several steps together, by target, step and level in the order of each."""
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["target", "step"], kind="stable", ignore_index=True)


def offsets_of(table: pd.DataFrame, *, n_steps: int, targets: Sequence[str]) -> np.ndarray:
    """Read the offsets of the first steps back.

    Returns:
        Shape (levels, 2, n_steps, targets); nan for steps that the table does not have.
    """
    levels = levels_of(table)
    within = table[table["step"] <= n_steps]
    known = len(within) // max(1, len(targets) * len(levels))
    ends = within[["lower", "upper"]].to_numpy().reshape(len(targets), known, len(levels), 2)
    offsets = np.full((len(levels), 2, n_steps, len(targets)), np.nan)
    offsets[:, :, :known] = ends.transpose(2, 3, 1, 0)
    return offsets


def is_scaled(table: pd.DataFrame) -> bool:
    """Return True if offsets are in units of the window's own mean absolute step."""
    return bool((table["unit"] == MEAN_STEP).any())


def levels_of(table: pd.DataFrame) -> list[float]:
    """Return the levels, in their order."""
    return [float(level) for level in table["level"].unique()]


def empty_sentence(table: pd.DataFrame) -> str | None:
    """Say which intervals are left empty, as too few errors calibrate them; None if none is."""
    empty = table[table["lower"].isna()]
    if not len(empty):
        return None
    level, step, errors = empty.sort_values(["step", "level"]).iloc[0][["level", "step", "errors"]]
    levels = ", ".join(f"{each:g}" for each in sorted(empty["level"].unique()))
    return (
        f"Intervals of {levels} per cent are left empty at {empty['step'].nunique()} of "
        f"{table['step'].nunique()} steps: {level:g} per cent needs {least_errors(level)} windows for "
        f"each step, and step {step} has {errors}. Give a longer table, or lower intervals.levels."
    )


def coverage_sentence(table: pd.DataFrame, *, on_test: bool) -> str | None:
    """Say how many of the actual values lay inside; None where there are no intervals.

    Args:
        table: The intervals.
        on_test: Whether the test windows calibrated them.
    """
    if not table["lower"].notna().any():
        return None
    if on_test:
        return (
            "Intervals: calibrated on the test windows, as the split keeps no other windows for it; so how "
            "many values they hold is not measured."
        )
    shares = [
        f"{share:.1%} in those of {level:g} per cent"
        for level, share in coverage_by_level(table).items()
    ]
    if not shares:
        return (
            "Intervals: how many values they hold is not measured, as no test window was forecast."
        )
    return f"Intervals: of the values of the test windows lie {', '.join(shares)}."


def refit_sentence(table: pd.DataFrame) -> str | None:
    """Say that another model's errors gave the intervals; None where there are none."""
    if not table["lower"].notna().any():
        return None
    return (
        "The newest rows are forecast by a model that was trained again on all rows, so its intervals come "
        "from the errors of the evaluated model."
    )


def coverage_by_level(table: pd.DataFrame) -> dict[float, float]:
    """Return the share of the tried values inside, over all steps and targets; nothing where none was tried."""
    sums = _sums(table, ["level"])
    return {float(level): row["inside"] / row["tried"] for level, row in sums.iterrows()}


def coverage_table(table: pd.DataFrame) -> list[dict[str, str]]:
    """Lay out coverage and mean width by target and level, at some of the steps.

    Returns:
        Rows of cells by heading; none where nothing was tried.
    """
    sums = _sums(table, ["target", "level", "step"])
    if not len(sums):
        return []
    steps = _some(sorted(sums.index.unique("step")))
    rows = []
    for (target, level), here in sums.groupby(level=["target", "level"], observed=True):
        by_step = here.droplevel(["target", "level"])
        cells = {"target": str(target), "nominal": f"{level:g} %"}
        cells["all steps"] = _share(here["inside"].sum(), here["tried"].sum())
        for step, found in by_step.reindex(steps, fill_value=0).iterrows():
            cells[f"step {step}"] = _share(found["inside"], found["tried"])
        width = by_step["width"] / by_step["tried"]
        cells["mean width, first to last step"] = f"{width.iloc[0]:.4g} to {width.iloc[-1]:.4g}"
        rows.append(cells)
    return rows


def _sums(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Add up the values tried, those inside and the widths, where any was tried."""
    tried = table[table["tried"] > 0]
    inside, width = (tried[name] * tried["tried"] for name in ("coverage", "mean_width"))
    sums = tried.assign(inside=inside, width=width).groupby(by, observed=True)
    return sums[["tried", "inside", "width"]].sum()


def _some(steps: Sequence[int]) -> list[int]:
    """Choose a few steps, the first and the last among them, evenly apart."""
    places = np.linspace(0, len(steps) - 1, min(SHOWN, len(steps))).round().astype(int)
    return [steps[place] for place in places]


def _share(inside: float, tried: float) -> str:
    return f"{inside / tried:.1%}" if tried else "none"
