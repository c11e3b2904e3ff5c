"""Sentences that belong to a score: which values were missing, and which weights were kept."""


def gaps_sentence(*, filled_share: float, left_out: int) -> str | None:
    """Say how far the series has gaps, in one sentence; None if it has none.

    Args:
        filled_share: Share of the cells of the series that are missing, and filled to be read.
        left_out: Windows left out because a value that they predict is missing.
    """
    if filled_share == 0:
        return None
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
