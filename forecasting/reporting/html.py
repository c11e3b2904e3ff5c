"""What a score means, in words, and the report: one self-contained page."""

import base64
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jinja2

from forecasting.evaluation.metrics import MODEL, skill
from forecasting.reporting.page import PAGE

TABLES = (
    ("Root mean squared error, in units of the series", "raw", "rmse"),
    ("Mean squared error, standardised", "standardised", "mse"),
    ("Mean absolute error, standardised", "standardised", "mae"),
)
MAX_NAMED = 5  # targets in the verdict; of more, the number


class Row(NamedTuple):
    """One line of a table of scores: the error of each forecaster, and the model's skill in it."""

    target: str
    errors: dict[str, float]
    skill: float


def verdict(board: Mapping[str, Any]) -> str:
    """Say whether the model is worth anything, in one sentence.

    Args:
        board: What `metrics.score_board` returned.
    """
    skill = board["skill"]["overall"]
    best = board["best_baseline"]["overall"]
    targets = board["skill"]["by_target"]
    lost = [f"{name} ({board['best_baseline']['by_target'][name]})"
            for name, value in targets.items() if not value > 0]  # fmt: skip
    if len(lost) > MAX_NAMED:
        lost = [f"{len(lost)} of {len(targets)} targets"]
    if skill > 0:
        head = f"The model removes {skill:.1%} of the squared error of the best baseline, {best}"
    elif skill == 0:
        head = f"The model is as good as the best baseline, {best}"
    elif skill < 0:
        head = f"The model loses to the baseline {best}: its squared error is {1 - skill:.2f} times as large"
    else:
        head = f"The model cannot beat the baseline {best}, which makes no error at all"
    return (
        f"{head}; it loses on {', '.join(lost)}." if lost else f"{head}, and wins on every target."
    )


def leak_sentence(share: float) -> str:
    """Say how far the test part was seen in training, in one sentence.

    Args:
        share: What `partition.leaked_share` returned.
    """
    if share == 0:
        return "No tested row lies in a training window: this is a forecast's score."
    return (
        f"Leak: {share:.1%} of the tested rows also lie in training windows, because windows overlap "
        "and the split is random. This is the score of filling in, not of forecasting the future."
    )


def render_report(
    *,
    scores: Mapping[str, Any],
    params: Mapping[str, Any],
    plots: Mapping[str, bytes],
) -> bytes:
    """Render the page: verdict, scores next to the baselines, plots, parameters.

    Args:
        scores: The content of scores.json.
        params: The parameters of the run, section by section.
        plots: PNG bytes by caption.
    """
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    page = environment.from_string(PAGE).render(
        scores=scores,
        tables=[(title, error, score_rows(scores, unit, error)) for title, unit, error in TABLES],
        images={caption: base64.b64encode(png).decode() for caption, png in plots.items()},
        parameters=_flat(params),
        model=MODEL,
    )
    return page.encode()


def score_rows(scores: Mapping[str, Any], unit: str, error: str) -> list[Row]:
    """List one error of every forecaster, and the model's skill in this very error.

        skill = 1 - error(model) / error(baseline whose error is the smallest)

    Args:
        scores: The content of scores.json.
        unit: `raw` or `standardised`; only standardised errors have a last row for all targets.
        error: A name of `metrics.ERROR_NAMES` of which less is better.
    """
    boards = {name: board[unit] for name, board in scores["scores"].items()}
    rows = [
        (target, {name: board["by_target"][target][error] for name, board in boards.items()})
        for target in scores["targets"]
    ]
    if unit == "standardised":
        rows.append(("overall", {name: board["overall"][error] for name, board in boards.items()}))
    return [Row(target, errors, _skill(errors)) for target, errors in rows]


def _skill(errors: Mapping[str, float | None]) -> float:
    """Compare the model with the best baseline; an error that is undefined is the best of none."""
    defined = {
        name: value for name, value in errors.items() if value is not None and value == value
    }
    baselines = [value for name, value in defined.items() if name != MODEL]
    return skill(defined.get(MODEL, math.nan), min(baselines, default=math.nan))


def _number(value: float | None, digits: int = 4) -> str:
    return "undefined" if value is None or value != value else f"{value:.{digits}g}"


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """List nested parameters as dotted names and texts."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return [(prefix, "null" if value is None else str(value))]
    return [
        row for name, item in value.items() for row in _flat(item, f"{prefix}.{name}".lstrip("."))
    ]
