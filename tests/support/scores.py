"""The content of a scores.json, worked by hand."""

from typing import Any


def scores_content(
    oil: float = 1.0, *, by: str = "by_target", names: str = "targets"
) -> dict[str, Any]:
    """The scores of a model whose RMSE on oil is given, beside baselines of 2 and 3."""
    errors = {"ridge": 3.0, "repeat_last": 2.0, "model": oil}
    return {
        names: ["oil"],
        "skill": {by: {"oil": 0.5}, "overall": None},
        "scores": {
            name: {
                "raw": {by: {"oil": {"rmse": rmse}}},
                "standardised": {"overall": {"mse": rmse**2, "mae": rmse / 2, "rmse": rmse / 10}},
            }
            for name, rmse in errors.items()
        },
        "best_baseline": {by: {"oil": "repeat_last"}, "overall": "repeat_last"},
        "windows": {"train": 8, "test": 2},
        "verdict": "It wins.",
        "leak": {"share": 0.25, "sentence": "Leak: 25%."},
    }


OLD = scores_content(by="by_feature", names="features")  # as metrics.json was before scores.json
FINDINGS: dict[str, Any] = {
    "gaps": {"filled_share": 0.1, "left_out": 3, "sentence": "10% were filled."},
    "epoch": {"kept": 7, "of": 9, "sentence": "The weights of epoch 7 were kept."},
    "season": {"rows": None, "sentence": "No season is known."},
}
