"""What a score is worth, in words: the verdict, and how far the test part was seen in training."""

from collections.abc import Mapping
from typing import Any

MAX_NAMED = 5  # targets in the verdict; of more, the number


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


def unlooked_sentence(part: str) -> str:
    """Say that the scores are of another part than the test."""
    return f"Scored on the {part} windows: no forecast of the test part was made or scored."


def leak_sentence(share: float) -> str:
    """Say how far the test part was seen in training, in one sentence.

    Args:
        share: What `leakage.leaked_share` returned.
    """
    if share == 0:
        return "No tested row lies in a training window: this is a forecast's score."
    return (
        f"Leak: {share:.1%} of the tested rows also lie in training windows, because windows overlap "
        "and the split is random. This is the score of filling in, not of forecasting the future."
    )
