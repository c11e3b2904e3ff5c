"""Sentences that belong to a score: which values were missing, and which weights were kept, how series differ."""

from collections.abc import Sequence

import numpy as np

from foundation.errors import quoted

SHOWN = 3  # series named


def gaps_sentence(*, filled_share: float, left_out: int, skipped: bool = False) -> str | None:
    """Say how far the series has gaps, in one sentence; None if it has none.

    Args:
        filled_share: Share of the cells of the series that are missing, and filled to be read.
        left_out: Windows left out because a value that they predict, or with gaps skipped read, is
            missing.
        skipped: Whether windows that read a missing value are left out.
    """
    if filled_share == 0:
        return None
    if skipped:
        return (
            f"Gaps: {filled_share:.1%} of the values are missing. No window reads or predicts them: "
            f"{left_out} windows are left out."
        )
    return (
        f"Gaps: {filled_share:.1%} of the values are missing. They are filled from earlier values "
        f"where a window reads them, and never predicted: {left_out} windows are left out."
    )


def epoch_sentence(*, kept: int, of: int, best: bool) -> str:
    """Say which epoch's weights the model has, in one sentence.

    Args:
        kept: The epoch, from 1.
        of: Epochs that were run.
        best: Whether it was chosen by its validation loss.
    """
    why = "the lowest validation loss" if best else "the last one"
    return f"Weights: of epoch {kept} of {of}, {why}."


def series_sentence(
    errors: np.ndarray,
    *,
    of: int,
    won: int,
    best: Sequence[str],
    worst: Sequence[str],
    untrained: Sequence[str],
    left_out: Sequence[str],
) -> str:
    """Say how far the scores of many series lie apart, and which stand at the ends.

    Args:
        errors: Standardised squared errors of the model, shape (series,).
        of: How many series the table has.
        won: On how many the model beats every baseline.
        best: The names of the best series.
        worst: The names of the worst.
        untrained: The names of those without training windows.
        left_out: The names of those that no window fits.
    """
    low, middle, high = np.quantile(errors, [0, 0.5, 1])
    sentences = [
        f"Series: {len(errors)} of {of} are scored, and the model beats every baseline on {won}. Its "
        f"standardised squared error is {low:.3g} to {high:.3g} (median {middle:.3g}).",
        f"Best: {_names(best)}.",
    ]
    if worst:
        sentences.append(f"Worst: {_names(worst)}.")
    if untrained:
        sentences.append(
            "Without training windows, so without training mean and MASE: "
            f"{len(untrained)} ({_names(untrained)})."
        )
    if left_out:
        sentences.append(f"Left out, as no window fits: {len(left_out)} ({_names(left_out)}).")
    return " ".join(sentences)


def _names(series: Sequence[str]) -> str:
    """Write the first names."""
    return ", ".join(map(quoted, series[:SHOWN])) + (", ..." if len(series) > SHOWN else "")
