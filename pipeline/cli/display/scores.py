"""The scores of a run on the terminal."""

from foundation.metrics_schema import Scores
from foundation.score_table import rmse_table
from pipeline.cli.display.layout import table


def scores_text(scores: Scores, width: int | None = None) -> str:
    """Lay out the model next to its baselines: RMSE per target in its own unit, and the skill."""
    found = rmse_table(scores)
    return table([found.header, *found.rows], width=width)
